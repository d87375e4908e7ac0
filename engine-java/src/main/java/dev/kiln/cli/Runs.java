package dev.kiln.cli;

import dev.kiln.awsbatch.AwsBatchService;
import java.io.IOException;
import java.util.Optional;

/**
 * The runs that a user names: those into an output, or the one of an AWS Batch job.
 *
 * @param subject output URI or job id
 */
record Runs(String subject) {
  /** Returns whether the user named a job. */
  boolean isJob() {
    return subject.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(:\\d+)?");
  }

  /** Returns the id of the job, without the index of a child; empty for an output. */
  Optional<String> jobId() {
    return isJob() ? Optional.of(subject.replaceFirst(":.*", "")) : Optional.empty();
  }

  /** Returns the URI of the output. */
  String out(AwsBatchService awsBatch) throws IOException {
    return isJob() ? awsBatch.outputOf(jobId().orElseThrow()) : subject;
  }
}
