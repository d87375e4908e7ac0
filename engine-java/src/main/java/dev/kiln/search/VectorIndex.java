package dev.kiln.search;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.ReadErrors;
import dev.kiln.dataset.RowRef;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.io.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The index of a dataset, ready to search. Safe for use by several threads. */
final class VectorIndex {
  private static final Logger log = LoggerFactory.getLogger(VectorIndex.class);

  /** Candidates per shard that are compared in float32, at least. */
  private static final int MIN_CANDIDATES = 100;

  /** Candidates of all shards, at least: with many shards, each has few of the best matches. */
  private static final int MIN_ALL_CANDIDATES = 200;

  private static final int CANDIDATES_PER_MATCH = 4;

  private final IndexManifest manifest;
  private final List<IndexShard> shards;
  private final Workers workers;

  private VectorIndex(IndexManifest manifest, List<IndexShard> shards, int threads) {
    this.manifest = manifest;
    this.shards = shards;
    this.workers = new Workers("search", threads);
  }

  /**
   * Opens the index that is stored with a dataset; empty if there is none, or if it cannot be used,
   * which is logged.
   *
   * @param files the dataset
   * @param threads that search
   */
  static Optional<VectorIndex> stored(EmbeddingFiles files, int threads)
      throws InterruptedException {
    Optional<Path> directory =
        IndexBuilder.directory(files)
            .filter(index -> Files.isRegularFile(index.resolve(IndexManifest.NAME)));
    if (directory.isEmpty()) {
      return Optional.empty();
    }
    try {
      IndexManifest manifest = IndexManifest.read(directory.get());
      DatasetState now = DatasetState.of(files);
      if (!now.equals(manifest.state())) {
        log.warn(
            "index ignored: directory={} reason=\"the dataset changed: expected {} files of {}"
                + " bytes, found {} of {}\": run kiln index {}",
            directory.get(),
            manifest.state().files(),
            manifest.state().bytes(),
            now.files(),
            now.bytes(),
            files.uri());
        return Optional.empty();
      }
      return Optional.of(open(directory.get(), manifest, threads));
    } catch (IOException | RuntimeException e) {
      log.warn(
          "index ignored: directory={} reason=\"{}\": run kiln index {}",
          directory.get(),
          ReadErrors.reason(e),
          files.uri());
      return Optional.empty();
    }
  }

  /**
   * Opens an index that is stored elsewhere.
   *
   * @param directory of the index
   * @param files the dataset, whose files must have the keys and sizes of those that were indexed
   * @param threads that search
   * @throws ConfigurationException if it is no index, or that of another dataset
   * @throws IOException if the sizes of the files cannot be read
   */
  static VectorIndex named(Path directory, EmbeddingFiles files, int threads)
      throws IOException, InterruptedException {
    if (!Files.isRegularFile(directory.resolve(IndexManifest.NAME))) {
      throw new ConfigurationException(
          Mismatch.of("--search-index " + directory, "an index that kiln index built", "none"));
    }
    IndexManifest manifest = IndexManifest.read(directory);
    DatasetState now = DatasetState.of(files);
    if (!now.sameFiles(manifest.state())) {
      throw new ConfigurationException(
          Mismatch.of(
                  "--search-index " + directory,
                  "the index of %s with %d files of %d bytes"
                      .formatted(files.uri(), now.files(), now.bytes()),
                  "one of %d files of %d bytes"
                      .formatted(manifest.state().files(), manifest.state().bytes()))
              + ": run kiln index again");
    }
    try {
      return open(directory, manifest, threads);
    } catch (IOException | RuntimeException e) {
      throw new ConfigurationException(
          "--search-index %s: the index cannot be used: %s: run kiln index again"
              .formatted(directory, ReadErrors.reason(e)),
          e);
    }
  }

  private static VectorIndex open(Path directory, IndexManifest manifest, int threads)
      throws IOException {
    List<IndexShard> shards = new ArrayList<>();
    for (int i = 0; i < manifest.shards(); i++) {
      shards.add(IndexShard.open(ShardFiles.of(directory, i), manifest.dim()));
    }
    return new VectorIndex(manifest, List.copyOf(shards), Math.max(1, threads));
  }

  /**
   * What the index found.
   *
   * @param matches best first
   * @param compared number of vectors that were compared
   */
  record Found(List<Match> matches, long compared) {}

  Found search(SearchRequest request) throws IOException, InterruptedException {
    Query query = request.query();
    if (query.vector().length != manifest.dim()) {
      throw new ConfigurationException(
          Mismatch.of(
              "query",
              "a vector of " + manifest.dim() + " values, as in the index",
              query.vector().length + " values"));
    }
    // Rows that are left out of the result can be among the best.
    int k = (int) Math.min(manifest.rows(), (long) request.k() + query.chips().size());
    int least = Math.max(MIN_CANDIDATES, MIN_ALL_CANDIDATES / shards.size());
    int candidates = Math.max(least, CANDIDATES_PER_MATCH * k);
    TopRows top = new TopRows(request.k());
    Map<RowRef, FoundChip> chips = new ConcurrentHashMap<>();
    AtomicLong compared = new AtomicLong();
    workers.forEach(
        shards,
        shard ->
            compared.addAndGet(
                shard.search(
                    query.vector(),
                    k,
                    candidates,
                    request.filter(),
                    (node, cosine) -> {
                      if (top.accepts(cosine)) {
                        FoundChip chip = shard.chip(node);
                        if (!query.chips().contains(chip.ref())) {
                          chips.put(chip.ref(), chip);
                          top.offer(chip.ref(), cosine);
                        }
                      }
                    })));
    List<Match> matches = new ArrayList<>();
    for (TopRows.Scored scored : top.best()) {
      matches.add(new Match(matches.size() + 1, scored.score(), chips.get(scored.row())));
    }
    return new Found(matches, compared.get());
  }
}
