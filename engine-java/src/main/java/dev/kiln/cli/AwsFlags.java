package dev.kiln.cli;

import dev.kiln.awsbatch.AwsBatchOptions;
import dev.kiln.awsbatch.AwsBatchService;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import java.io.IOException;
import picocli.CommandLine.Mixin;

/** Options of commands that read the runs of an output: AWS Batch, S3, and S3 of the output. */
final class AwsFlags {
  @Mixin private AwsBatchFlags batchFlags;
  @Mixin private S3Flags s3Flags;
  @Mixin private OutputS3Flags outputS3Flags;

  /** Returns whether an option of AWS Batch is given. */
  boolean batchGiven() {
    return batchFlags.given();
  }

  /** Returns the options of AWS Batch. */
  AwsBatchOptions batchOptions() {
    return batchFlags.options(s3Flags);
  }

  /** Connects to AWS Batch. */
  AwsBatchService awsBatch() {
    return new AwsBatchService(batchOptions());
  }

  /** Opens the output of runs. */
  ObjectStore output(String uri) throws IOException {
    return ObjectStores.open(uri, outputS3Flags.options(s3Flags, System.getenv()));
  }

  /** Returns the options of the source, which also apply to scene lists. */
  StoreOptions source() {
    return s3Flags.source();
  }
}
