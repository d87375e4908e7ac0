package dev.kiln.cli;

import dev.kiln.archive.Shard;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.merge.DatasetMerge;
import dev.kiln.dataset.merge.MergeOptions;
import dev.kiln.dataset.merge.MergeReport;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kiln merge}: merges the files of {@code kiln embed} into one dataset. */
@Command(
    name = "merge",
    description = {
      "Merge the files of kiln embed into one dataset: GeoParquet files partitioned by platform,"
          + " year and cell, sorted along a Hilbert curve, with a STAC catalog.",
      "",
      "A later merge into the same dataset adds new scenes and rewrites only the cells that they"
          + " are in."
    },
    footer = {
      "",
      "Example:",
      "  kiln merge embeddings -o dataset",
      "",
      "As an array of 20 jobs:",
      "  kiln merge s3://my-bucket/clay -o s3://my-bucket/dataset --shards 20"
    })
public final class MergeCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(MergeCommand.class);
  private static final long MEGABYTE = 1_000_000;
  private static final Set<String> POLICIES = Set.of("keep", "newest", "clearest");
  private static final Set<Double> CELLS = Set.of(30.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.25, 0.1);

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "OUT",
      arity = "1..*",
      description = "Output of kiln embed: a directory or bucket; several are merged into one.")
  private List<String> outputs;

  @Option(
      names = {"-o", "--dataset"},
      required = true,
      paramLabel = "URI",
      description = "Directory or bucket of the dataset; created, or added to.")
  @Heading.Under(Heading.OUTPUT)
  private String dataset;

  @Option(
      names = "--cell",
      paramLabel = "DEGREES",
      description =
          "Edge of a cell: 30, 10, 5, 2, 1, 0.5, 0.25 or 0.1 (default: as the dataset has it; for a"
              + " new platform the largest with which no partition exceeds 1 GB).")
  @Heading.Under(Heading.OUTPUT)
  private Double cell;

  @Option(
      names = "--file-size",
      paramLabel = "MB",
      description =
          "Size that files aim at, in megabytes (default: as the dataset has it, or 536).")
  @Heading.Under(Heading.OUTPUT)
  private Integer fileSize;

  @Option(
      names = "--row-group",
      paramLabel = "ROWS",
      description =
          "Largest number of rows of a row group (default: as the dataset has it, or 2048).")
  @Heading.Under(Heading.OUTPUT)
  private Integer rowGroup;

  @Option(
      names = "--duplicates",
      paramLabel = "POLICY",
      description =
          "Chips of the same place: keep all, keep the newest, or the clearest, which has the least"
              + " cloud and nodata (default: as the dataset has it, or keep).")
  @Heading.Under(Heading.OUTPUT)
  private String duplicates;

  @Option(
      names = "--allow-mixed",
      description =
          "Merge files of several models, precisions or dimensions, each into partitions of its"
              + " own.")
  @Heading.Under(Heading.INPUT)
  private boolean allowMixed;

  @Option(
      names = "--remove-missing",
      description =
          "Remove rows of files that are no longer in the output, or cannot be read any more.")
  @Heading.Under(Heading.INPUT)
  private boolean removeMissing;

  @Mixin private ShardFlags shardFlags;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Cells merged at once (default: one per processor, at most 4).")
  @Heading.Under(Heading.PERFORMANCE)
  private Integer threads;

  @Option(
      names = "--sort-memory",
      paramLabel = "MB",
      description =
          "Rows that each thread holds in memory to sort, in megabytes; the rest of a cell goes to"
              + " temporary files (default: 256, or a quarter of the Java heap for all threads).")
  @Heading.Under(Heading.PERFORMANCE)
  private Integer sortMemory;

  @Option(
      names = "--scratch",
      paramLabel = "DIR",
      description =
          "Directory for temporary files, up to the size of one cell per thread (default: in the"
              + " dataset, or java.io.tmpdir if that is a bucket).")
  @Heading.Under(Heading.PERFORMANCE)
  private Path scratch;

  @Mixin private S3Flags s3Flags;
  @Mixin private OutputS3Flags outputS3Flags;

  @Override
  public Integer call() throws IOException, InterruptedException {
    outputs.forEach(this::requireApart);
    MergeOptions options = options();
    Shard shard = shardFlags.resolve();
    ResolvedOptions.summarise(spec.commandLine().getParseResult()).forEach(log::info);
    StoreOptions written = outputS3Flags.options(s3Flags, System.getenv());
    List<EmbeddingFiles> files = new ArrayList<>();
    try (ObjectStore to = ObjectStores.open(dataset, written)) {
      for (String output : outputs) {
        files.add(EmbeddingFiles.open(output, written));
      }
      MergeReport report = DatasetMerge.merge(files, to, scratchDirectory(), shard, options);
      log.info(report.summary());
      if (report.notFinite() > 0) {
        log.error("rows with NaN or infinite values are left out: rows={}", report.notFinite());
      }
      return report.exitCode().code();
    } finally {
      files.forEach(EmbeddingFiles::close);
    }
  }

  /** The next merge would read the files of the dataset as files of scenes. */
  private void requireApart(String output) {
    String from = place(output);
    String to = place(dataset);
    if (from.startsWith(to) || to.startsWith(from)) {
      throw new OptionException(
          "--dataset %s: expected a place outside of %s, found one that contains it or is in it"
              .formatted(ObjectStores.redacted(dataset), ObjectStores.redacted(output)));
    }
  }

  /** Returns a directory or prefix with a slash at its end. */
  private static String place(String uri) {
    if (ObjectStores.isRemote(uri)) {
      return uri.replaceFirst("/*$", "") + "/";
    }
    Path path = ObjectStores.localPath(uri).toAbsolutePath().normalize();
    try {
      path = path.toRealPath();
    } catch (IOException e) {
      // It does not exist yet.
    }
    return path.toString().replaceFirst("/*$", "") + "/";
  }

  private Path scratchDirectory() {
    if (scratch != null) {
      return scratch;
    }
    return ObjectStores.isBucket(dataset)
        ? Path.of(System.getProperty("java.io.tmpdir"))
        : ObjectStores.localPath(dataset).resolve("_kiln");
  }

  private MergeOptions options() {
    MergeOptions.Builder builder =
        MergeOptions.builder().allowMixed(allowMixed).removeMissing(removeMissing);
    if (cell != null) {
      if (!CELLS.contains(cell)) {
        throw new OptionException(
            "--cell: expected 30, 10, 5, 2, 1, 0.5, 0.25 or 0.1 degrees, found " + cell);
      }
      builder.cellDegrees(cell);
    }
    if (fileSize != null) {
      Range.atLeast("--file-size", fileSize, 1);
      if (fileSize > 2000) {
        throw new OptionException("--file-size: expected at most 2000 MB, found " + fileSize);
      }
      builder.fileBytes(fileSize * MEGABYTE);
    }
    if (rowGroup != null) {
      Range.atLeast("--row-group", rowGroup, 1);
      builder.rowGroupRows(rowGroup);
    }
    if (duplicates != null) {
      if (!POLICIES.contains(duplicates.toLowerCase(Locale.ROOT))) {
        throw new OptionException(
            "--duplicates: expected keep, newest or clearest, found '" + duplicates + "'");
      }
      builder.duplicates(duplicates);
    }
    int workers = Math.min(4, Runtime.getRuntime().availableProcessors());
    if (threads != null) {
      Range.threads("--threads", threads);
      workers = threads;
    }
    builder.threads(workers);
    long memory = Math.min(256 << 20, Runtime.getRuntime().maxMemory() / 4 / workers);
    if (sortMemory != null) {
      Range.atLeast("--sort-memory", sortMemory, 1);
      memory = Math.min(sortMemory * MEGABYTE, 2_000 * MEGABYTE);
    }
    return builder.sortMemory((int) memory).build();
  }
}
