package dev.kiln.cli;

import dev.kiln.archive.Shard;
import picocli.CommandLine.Option;

/** Which part of the scene list a job takes. */
final class ShardFlags {
  @Option(
      names = "--index",
      paramLabel = "N",
      description = "Which job of an array this is, from 0 (default: the scheduler's variable).")
  private String index;

  @Option(
      names = "--items-per-job",
      paramLabel = "N",
      description = "Scenes a job takes (default: 100).")
  private String itemsPerJob;

  @Option(
      names = "--shards",
      paramLabel = "M",
      description = "Jobs that share the list, instead of --items-per-job.")
  private String shards;

  @Option(
      names = "--first-index",
      paramLabel = "N",
      description = "Added to the index: a list too long for one array goes to several.")
  private String firstIndex;

  Shard resolve() {
    return Shard.resolve(
        System.getenv(), new Shard.Options(index, itemsPerJob, shards, firstIndex));
  }
}
