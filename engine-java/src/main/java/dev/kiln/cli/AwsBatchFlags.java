package dev.kiln.cli;

import dev.kiln.awsbatch.AwsBatchOptions;
import java.time.Duration;
import picocli.CommandLine.Option;

/** Options for access to AWS Batch. */
@Heading.Under(Heading.AWS_BATCH)
final class AwsBatchFlags {
  /** Time until a submitted job appears in lists of jobs. */
  private static final Duration SETTLING = Duration.ofSeconds(20);

  @Option(
      names = "--aws-batch-endpoint",
      paramLabel = "URL",
      description = "Endpoint compatible with AWS Batch (default: AWS).")
  private String endpoint;

  /** Returns whether an endpoint other than AWS is set. */
  boolean given() {
    return endpoint != null;
  }

  /**
   * Returns how to access AWS Batch.
   *
   * @param store region and limits
   */
  AwsBatchOptions options(S3Flags store) {
    return new AwsBatchOptions(
        S3Flags.endpoint("--aws-batch-endpoint", endpoint),
        store.region(),
        store.limits().attempts(),
        store.limits().firstPause(),
        SETTLING);
  }
}
