package dev.kiln.cli;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.search.IndexCopies;
import dev.kiln.search.Search;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Options that name the index of a dataset. */
@Heading.Under(Heading.INPUT)
final class IndexFlags {
  @Option(
      names = "--search-index",
      paramLabel = "URI",
      description =
          "Index that kiln index wrote: a directory, or a bucket or web server, from which it"
              + " is fetched whole once (default: the one that is stored with a local dataset).")
  private String index;

  @Option(
      names = "--search-index-cache",
      paramLabel = "DIR",
      description =
          "Directory that caches indexes from buckets (default: kiln/indexes in $XDG_CACHE_HOME or"
              + " ~/.cache).")
  private Path cache;

  /**
   * Returns the search of a dataset, with its index if there is one.
   *
   * @param files the dataset; borrowed
   * @param options how the index is reached
   * @param threads that read and compare
   * @param mixed whether vectors of different models are compared
   */
  Search search(EmbeddingFiles files, StoreOptions options, int threads, boolean mixed)
      throws IOException, InterruptedException {
    if (index == null) {
      return new Search(files, threads, mixed);
    }
    Path copies = cache == null ? IndexCopies.ofUser() : cache;
    return new Search(files, IndexCopies.local(index, options, copies), threads, mixed);
  }
}
