package dev.kiln.cli;

import dev.kiln.run.RunOptions;
import java.time.Duration;
import picocli.CommandLine.Option;

/** How a run uses the machine. These change no byte of the output. */
final class RunFlags {
  @Option(names = "--overwrite", description = "Embed scenes again whose file exists.")
  private boolean overwrite;

  @Option(
      names = "--slots",
      paramLabel = "N",
      defaultValue = "3",
      description = "Batches on their way: one fills, one computes, one drains.")
  private int slots;

  @Option(
      names = "--fetch-threads",
      paramLabel = "N",
      defaultValue = "2",
      description = "Scenes fetched at once.")
  private int fetchThreads;

  @Option(
      names = "--fetch-memory",
      paramLabel = "MB",
      defaultValue = "2048",
      description = "Megabytes of fetched scenes held at once.")
  private int fetchMegabytes;

  @Option(
      names = "--decode-threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "Scenes decoded at once.")
  private int decodeThreads;

  @Option(
      names = "--inflate-threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "Threads that inflate the tiles of a scene; 0 takes every processor.")
  private int inflateThreads;

  @Option(
      names = "--attempts",
      paramLabel = "N",
      defaultValue = "4",
      description = "Tries for what may pass, such as a broken connection.")
  private int attempts;

  @Option(
      names = "--stall-limit",
      paramLabel = "S",
      defaultValue = "900",
      description = "End a run in which nothing moves for so many seconds.")
  private int stallSeconds;

  @Option(
      names = "--price-per-hour",
      paramLabel = "P",
      defaultValue = "0",
      description = "What the machine costs an hour: the report then says what the run did.")
  private double pricePerHour;

  RunOptions options() {
    Range.atLeast("--slots", slots, 1);
    Range.atLeast("--fetch-threads", fetchThreads, 1);
    Range.atLeast("--fetch-memory", fetchMegabytes, 1);
    Range.atLeast("--decode-threads", decodeThreads, 1);
    Range.atLeast("--inflate-threads", inflateThreads, 0);
    Range.atLeast("--attempts", attempts, 1);
    Range.atLeast("--stall-limit", stallSeconds, 1);
    RunOptions.Builder options =
        RunOptions.builder()
            .fetchThreads(fetchThreads)
            .fetchMemory(fetchMegabytes * 1_000_000L)
            .decodeThreads(decodeThreads)
            .slots(slots)
            .overwrite(overwrite)
            .attempts(attempts)
            .stallLimit(Duration.ofSeconds(stallSeconds));
    if (inflateThreads > 0) {
      options.inflateThreads(inflateThreads);
    }
    if (pricePerHour > 0) {
      options.pricePerHour(pricePerHour);
    }
    return options.build();
  }
}
