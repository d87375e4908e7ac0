package dev.kiln.cli;

import dev.kiln.run.RunOptions;
import java.time.Duration;
import picocli.CommandLine.Option;

/** Options for the use of the machine. They do not change the output. */
@Heading.Under(Heading.PERFORMANCE)
final class PerformanceFlags {
  @Option(names = "--overwrite", description = "Embed scenes again whose output file exists.")
  @Heading.Under(Heading.OUTPUT)
  private boolean overwrite;

  @Option(
      names = "--verify-existing",
      description =
          "Check model and options of every file that exists in the output, not only of a sample.")
  @Heading.Under(Heading.OUTPUT)
  private boolean verifyExisting;

  @Option(
      names = "--slots",
      paramLabel = "N",
      defaultValue = "3",
      description =
          "Batches in flight: one is filled, one is computed, one is copied back (default:"
              + " ${DEFAULT-VALUE}).")
  private int slots;

  @Option(
      names = "--fetch-threads",
      paramLabel = "N",
      defaultValue = "2",
      description = "Scenes fetched concurrently (default: ${DEFAULT-VALUE}).")
  private int fetchThreads;

  @Option(
      names = "--fetch-memory",
      paramLabel = "MB",
      defaultValue = "2048",
      description = "Memory for fetched scenes in MB (default: ${DEFAULT-VALUE}).")
  private int fetchMegabytes;

  @Option(
      names = "--decode-threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "Scenes decoded concurrently (default: ${DEFAULT-VALUE}).")
  private int decodeThreads;

  @Option(
      names = "--inflate-threads",
      paramLabel = "N",
      description = "Threads that decompress the tiles of a scene (default: one per CPU).")
  private Integer inflateThreads;

  @Option(
      names = "--attempts",
      paramLabel = "N",
      defaultValue = "4",
      description = "Attempts per scene for transient errors (default: ${DEFAULT-VALUE}).")
  @Heading.Under(Heading.JOB)
  private int attempts;

  @Option(
      names = "--stall-limit",
      paramLabel = "S",
      defaultValue = "900",
      description =
          "Abort a run that makes no progress for this many seconds (default: ${DEFAULT-VALUE}).")
  @Heading.Under(Heading.JOB)
  private int stallSeconds;

  @Option(
      names = "--price-per-hour",
      paramLabel = "P",
      description = "Price of the machine per hour; the report then contains the cost of the run.")
  @Heading.Under(Heading.JOB)
  private Double pricePerHour;

  /** Returns the options, checked. */
  RunOptions options() {
    Range.atLeast("--slots", slots, 1);
    Range.threads("--fetch-threads", fetchThreads);
    Range.atLeast("--fetch-memory", fetchMegabytes, 1);
    Range.threads("--decode-threads", decodeThreads);
    Range.atLeast("--attempts", attempts, 1);
    Range.atLeast("--stall-limit", stallSeconds, 1);
    RunOptions.Builder options =
        RunOptions.builder()
            .fetchThreads(fetchThreads)
            .fetchMemory(fetchMegabytes * 1_000_000L)
            .decodeThreads(decodeThreads)
            .slots(slots)
            .overwrite(overwrite)
            .verifyExisting(verifyExisting)
            .attempts(attempts)
            .stallLimit(Duration.ofSeconds(stallSeconds));
    Range.optionalThreads("--inflate-threads", inflateThreads).ifPresent(options::inflateThreads);
    if (pricePerHour != null) {
      options.pricePerHour(pricePerHour);
    }
    return options.build();
  }
}
