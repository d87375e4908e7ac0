package dev.kiln.cli;

import dev.kiln.awsbatch.PackedList;
import dev.kiln.awsbatch.Submission;
import dev.kiln.awsbatch.SubmissionRequest;
import dev.kiln.awsbatch.Submitter;
import dev.kiln.error.Count;
import java.io.IOException;
import java.io.PrintWriter;

/** Prints submissions. */
final class SubmissionPrint {
  private SubmissionPrint() {}

  /** Prints the requests of a dry run as JSON. */
  static void requests(
      PrintWriter print, Submitter submitter, Submission planned, SubmissionRequest request)
      throws IOException {
    JsonPrint.print(print, submitter.requests(planned, request));
  }

  /**
   * Prints the jobs of a submission.
   *
   * @param before whether everything had been submitted before
   */
  static void print(PrintWriter print, Submission submission, PackedList list, boolean before) {
    print.printf(
        "submission %s: %s, %s of at most %s%s%n",
        submission.id(),
        Count.of(submission.scenes(), "scene"),
        Count.of(submission.children(), "child", "children"),
        Count.of(submission.arguments().itemsPerJob(), "scene"),
        before ? "; already submitted, no request sent (submit again with --again)" : "");
    if (list.duplicates() > 0) {
      print.printf("  %s in the list%n", Count.of(list.duplicates(), "duplicate key"));
    }
    for (Submission.Job job : submission.jobs()) {
      print.printf(
          "  %s  %s%s%n",
          job.jobId(),
          job.name(),
          job.children() > 1 ? "  array of %,d".formatted(job.children()) : "");
    }
    print.printf("watch: kiln status %s --watch%n", submission.arguments().out());
    print.flush();
  }
}
