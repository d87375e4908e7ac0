package dev.kiln.cli;

import dev.kiln.awsbatch.AwsBatchOptions;
import java.time.Duration;
import picocli.CommandLine.Option;

/** How AWS Batch is reached. */
final class AwsBatchFlags {
  /** Lists of jobs lag behind by seconds. */
  private static final Duration SETTLING = Duration.ofSeconds(20);

  @Option(
      names = "--batch-endpoint",
      paramLabel = "URL",
      description = "Service that speaks the protocol of AWS Batch (default: AWS).")
  private String endpoint;

  /** Whether another service than AWS is named. */
  boolean given() {
    return endpoint != null;
  }

  /**
   * @param store gives region and limits
   */
  AwsBatchOptions options(StoreFlags store) {
    return new AwsBatchOptions(
        StoreFlags.endpoint("--batch-endpoint", endpoint),
        store.region(),
        store.limits().attempts(),
        store.limits().firstPause(),
        SETTLING);
  }
}
