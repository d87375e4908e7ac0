package dev.kiln.cli;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.error.Count;
import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.search.IndexBuilder;
import dev.kiln.search.IndexOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kiln index}: builds the index that makes searches of a large dataset fast. */
@Command(
    name = "index",
    description = {
      "Build an index of a dataset, which kiln search then uses.",
      "",
      "The index is stored in _kiln/index of the dataset, or in the directory --out. A build that"
          + " was interrupted resumes. After the dataset has changed, the index is not used until"
          + " it is built again."
    },
    footer = {
      "",
      "Example:",
      "  kiln index dataset",
      "",
      "Of a dataset in a bucket:",
      "  kiln index s3://my-bucket/dataset -o index",
      "  kiln search s3://my-bucket/dataset --search-index index --at -99.12,46.98"
    })
public final class IndexCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(IndexCommand.class);

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "DATASET",
      description = "Output of kiln embed or kiln merge, local or in a bucket.")
  private String dataset;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      description =
          "Directory to store the index in (default: _kiln/index of the dataset). Required for a"
              + " dataset in a bucket.")
  @Heading.Under(Heading.OUTPUT)
  private Path out;

  @Option(
      names = "--allow-mixed",
      description = "Index vectors of different models and precisions together.")
  private boolean allowMixed;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description =
          "Shards of 65,536 rows that are built at once (default: one per core). Each takes about"
              + " 0.5 GB of memory at 1,024 values per vector.")
  @Heading.Under(Heading.PERFORMANCE)
  private Integer threads;

  @Mixin private S3Flags s3Flags;

  @Override
  public Integer call() throws IOException, InterruptedException {
    int workers =
        Range.optionalThreads("--threads", threads)
            .orElseGet(() -> Runtime.getRuntime().availableProcessors());
    if (out == null && ObjectStores.isRemote(dataset)) {
      throw new OptionException(
          "%s: expected --out DIR, where the index of a dataset in a bucket is stored, found none"
              .formatted(ObjectStores.redacted(dataset)));
    }
    IndexOptions options = IndexOptions.defaults();
    try (EmbeddingFiles files = EmbeddingFiles.open(dataset, s3Flags.source())) {
      IndexBuilder builder =
          out == null
              ? new IndexBuilder(files, options, workers, allowMixed)
              : new IndexBuilder(files, out, options, workers, allowMixed);
      IndexBuilder.Report report = builder.build();
      report.faults().forEach(f -> log.warn("unreadable file: {}", f.reason()));
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              "%s: index of %s in %s, %,.1f MB, built in %.1f s; %s without a usable vector%n",
              dataset,
              Count.of(report.rows(), "row"),
              Count.of(report.shards(), "shard"),
              report.bytes() / 1e6,
              report.seconds(),
              Count.of(report.leftOut(), "row"));
      spec.commandLine().getOut().flush();
      return report.faults().isEmpty() ? ExitCode.DONE.code() : ExitCode.SCENES_FAILED.code();
    }
  }
}
