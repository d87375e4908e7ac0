package dev.kiln.cli;

import dev.kiln.awsbatch.PackedList;
import dev.kiln.awsbatch.Submission;
import dev.kiln.awsbatch.Submitter;
import java.io.IOException;
import java.io.PrintWriter;
import tools.jackson.databind.json.JsonMapper;

/** What was submitted, for a person. */
final class SubmissionPrint {
  private SubmissionPrint() {}

  /** What would be sent, as JSON. */
  static void requests(
      PrintWriter print, Submitter submitter, Submission planned, Submitter.Request request)
      throws IOException {
    print.println(
        JsonMapper.shared()
            .writerWithDefaultPrettyPrinter()
            .writeValueAsString(submitter.requests(planned, request)));
    print.flush();
  }

  /**
   * @param before whether it had all been submitted before
   */
  static void print(PrintWriter print, Submission submission, PackedList list, boolean before) {
    print.printf(
        "submission %s: %,d scenes, %,d children of at most %,d%s%n",
        submission.id(),
        submission.scenes(),
        submission.children(),
        submission.arguments().itemsPerJob(),
        before ? "; submitted before, nothing was sent (--again submits anew)" : "");
    if (list.duplicates() > 0) {
      print.printf("  %,d keys stand in the list more than once%n", list.duplicates());
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
