package dev.kiln.cli;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.RowFilter;
import dev.kiln.error.ExitCode;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.search.Query;
import dev.kiln.search.ResultFormat;
import dev.kiln.search.Search;
import dev.kiln.search.SearchRequest;
import dev.kiln.search.SearchResult;
import java.io.IOException;
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

/** {@code kiln search}: finds similar chips. */
@Command(
    name = "search",
    description = {
      "Find the chips of a dataset that are most similar to examples.",
      "",
      "Similarity is the cosine of the vectors. Several examples are combined: the mean of those to"
          + " resemble, minus half of the mean of those to differ from (--not-…), each divided by"
          + " its norm first."
    },
    footer = {
      "",
      "Example:",
      "  kiln search embeddings --at -99.12,46.98 -k 50 -o similar.geojson",
      "",
      "Like two chips and unlike a third, in one summer:",
      "  kiln search embeddings --chip A --chip B --not-chip C --datetime 2020-06/2020-08"
    })
public final class SearchCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(SearchCommand.class);

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "DATASET",
      description =
          "Output of kiln embed or kiln merge, local or in a bucket; or one Parquet file.")
  private String dataset;

  @Mixin private SearchExampleFlags exampleFlags;
  @Mixin private SearchFilterFlags filterFlags;
  @Mixin private IndexFlags indexFlags;

  @Option(
      names = {"-k", "--count"},
      paramLabel = "N",
      defaultValue = "10",
      description = "Number of chips to find (default: ${DEFAULT-VALUE}).")
  private int k;

  @Option(names = "--exact", description = "Compare all vectors, even if there is an index.")
  private boolean exact;

  @Option(
      names = "--allow-mixed",
      description = "Compare vectors of different models and precisions, too.")
  private boolean allowMixed;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that read and compare (default: one per core).")
  @Heading.Under(Heading.PERFORMANCE)
  private Integer threads;

  @Mixin private SearchOutputFlags outputFlags;
  @Mixin private S3Flags s3Flags;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Range.atLeast("--count", k, 1);
    int workers =
        Range.optionalThreads("--threads", threads)
            .orElseGet(() -> Runtime.getRuntime().availableProcessors());
    exampleFlags.require(filterFlags.platforms());
    ResultFormat format = outputFlags.format();
    StoreOptions options = s3Flags.source();
    RowFilter filter = filterFlags.filter(options);
    try (EmbeddingFiles files = EmbeddingFiles.open(dataset, options)) {
      Search search = indexFlags.search(files, options, workers, allowMixed);
      Query query =
          exampleFlags.query(
              new SearchExampleFlags.Searched(search, files, dataset, allowMixed),
              filterFlags.platforms(),
              options);
      SearchResult result = search.search(new SearchRequest(query, k, filter, exact));
      result.faults().forEach(f -> log.warn("unreadable file: reason=\"{}\"", f.reason()));
      log.info(
          "search: matches={} compared={} approximate={} seconds={}",
          result.matches().size(),
          result.compared(),
          result.approximate(),
          String.format(Locale.ROOT, "%.3f", result.seconds()));
      outputFlags.write(
          format.bytes(result), format, spec.commandLine().getOut(), spec.commandLine().getErr());
      return result.faults().isEmpty() ? ExitCode.DONE.code() : ExitCode.SCENES_FAILED.code();
    }
  }
}
