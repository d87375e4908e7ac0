package dev.kiln.cli;

import dev.kiln.archive.Shard;
import picocli.CommandLine.Option;

/** Options that choose the part of the scenes or cells that a job takes. */
@Heading.Under(Heading.JOB)
final class ShardFlags {
  @Option(
      names = "--index",
      paramLabel = "N",
      description =
          "Index of this job in an array, from 0 (default: the scheduler's variable; without one,"
              + " the whole list).")
  private String index;

  @Option(
      names = "--items-per-job",
      paramLabel = "N",
      description = "Scenes, or cells of a merge, per job (default: 100).")
  private String itemsPerJob;

  @Option(
      names = "--shards",
      paramLabel = "M",
      description = "Number of jobs that share the work, instead of --items-per-job.")
  private String shards;

  @Option(
      names = "--first-index",
      paramLabel = "N",
      description = "Offset added to the index, for a list split over several arrays (default: 0).")
  private String firstIndex;

  /** Returns the shard from the options, or from the variables of array schedulers. */
  Shard resolve() {
    return OptionException.parse(
        () ->
            Shard.resolve(
                System.getenv(), new Shard.Options(index, itemsPerJob, shards, firstIndex)));
  }
}
