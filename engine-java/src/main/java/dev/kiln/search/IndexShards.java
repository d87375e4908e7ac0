package dev.kiln.search;

import dev.kiln.dataset.EmbeddingBatch;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.ReadErrors;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.MachineException;
import dev.kiln.error.Mismatch;
import dev.kiln.io.Workers;
import dev.kiln.vector.CodedVectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Divides the rows of a dataset into shards, in their order, and has the shards built. A shard that
 * an earlier build finished is kept if it has the same rows.
 */
final class IndexShards implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(IndexShards.class);

  private final EmbeddingFiles files;
  private final Path directory;
  private final IndexOptions options;
  private final Workers workers;
  private final Workers.Group group;

  /** The shard whose rows arrive: one of these two, or none between shards. */
  private ShardBuilder open;

  private ShardRows keptRows;
  private int inShard;
  private int dim;
  private int count;
  private int kept;
  private long rows;
  private long zeros;

  /**
   * Creates an empty set of shards.
   *
   * @param files the dataset, borrowed
   * @param directory of the shards
   * @param threads number of shards that are built at once
   */
  IndexShards(EmbeddingFiles files, Path directory, IndexOptions options, int threads) {
    this.files = files;
    this.directory = directory;
    this.options = options;
    this.workers = new Workers("index", threads);
    this.group = workers.group();
  }

  /** A shard of an earlier build has other rows. It has been deleted: rows are needed again. */
  static final class StaleException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StaleException(int shard) {
      super("shard " + shard + " has other rows than the dataset", null, false, false);
    }
  }

  /** Returns the length of a vector; 0 without rows. */
  int dim() {
    return dim;
  }

  /** Returns the number of shards. */
  int count() {
    return count;
  }

  /** Returns the number of shards that an earlier build had finished. */
  int kept() {
    return kept;
  }

  /** Returns the number of rows in all shards. */
  long rows() {
    return rows;
  }

  /** Returns the number of rows that were left out because all values are 0. */
  long zeros() {
    return zeros;
  }

  /**
   * Adds the rows of a batch that has all columns.
   *
   * @throws StaleException if all rows must be added again, to new shards
   * @throws MachineException if a shard cannot be written
   */
  void add(EmbeddingBatch batch) throws IOException, InterruptedException {
    if (dim == 0) {
      dim = batch.dim();
    } else if (dim != batch.dim()) {
      throw new ConfigurationException(
          Mismatch.of(
              files.name(batch.file()),
              "vectors of " + dim + " values, as in the files before",
              batch.dim()));
    }
    for (int i = 0; i < batch.size(); i++) {
      if (!(batch.norms()[i] > 0)) {
        zeros++;
        continue;
      }
      if (inShard == 0) {
        start();
      }
      if (keptRows == null) {
        int row = i;
        writing(() -> open.add(batch, row));
      } else if (inShard >= keptRows.count() || !keptRows.ref(inShard).equals(batch.ref(i))) {
        throw stale();
      }
      rows++;
      if (++inShard == options.rows(dim)) {
        end();
      }
    }
  }

  private void start() throws IOException, InterruptedException {
    ShardFiles shard = ShardFiles.of(directory, count);
    if (shard.complete()) {
      try {
        keptRows = ShardRows.open(shard);
        if (Files.size(shard.codes()) == CodedVectors.bytes(keptRows.count(), dim)) {
          return;
        }
      } catch (NoSuchFileException e) {
        log.debug("shard is not complete: missing={}", e.getMessage());
      }
      throw stale();
    } else {
      writing(() -> open = new ShardBuilder(shard, options, dim));
    }
  }

  private void end() throws IOException, InterruptedException {
    if (keptRows != null) {
      if (keptRows.count() != inShard) {
        throw stale();
      }
      keptRows = null;
      kept++;
    } else {
      ShardBuilder builder = open;
      int shard = count;
      open = null;
      group.start(() -> build(builder, shard));
    }
    count++;
    inShard = 0;
  }

  private void build(ShardBuilder builder, int shard) throws IOException, InterruptedException {
    long start = System.nanoTime();
    try (builder) {
      writing(builder::build);
    }
    log.info(
        "shard built: shard={} rows={} seconds={}",
        shard,
        builder.count(),
        (System.nanoTime() - start) / 1_000_000_000L);
  }

  /** Performs a task that writes, and names the directory if it fails. */
  private void writing(Workers.Task task) throws IOException, InterruptedException {
    try {
      task.run();
    } catch (IOException e) {
      ReadErrors.requireOfTheFile(e);
      throw new MachineException(
          "%s: cannot write the index: %s: free space there and run kiln index again, which resumes"
              .formatted(directory, ReadErrors.reason(e)),
          e);
    }
  }

  /** Deletes the shard whose rows arrive, and all after it. */
  private StaleException stale() throws IOException, InterruptedException {
    group.finish();
    log.warn(
        "shard is built again: shard={} reason=\"its rows are not those of the dataset\"", count);
    deleteFrom(count);
    return new StaleException(count);
  }

  private void deleteFrom(int first) throws IOException {
    for (int shard = first; ShardFiles.of(directory, shard).deleteIfExists(); shard++) {
      log.debug("shard deleted: shard={}", shard);
    }
  }

  /**
   * Waits until all shards are built.
   *
   * @throws StaleException if all rows must be added again, to new shards
   * @throws MachineException if a shard cannot be written
   */
  void finish() throws IOException, InterruptedException {
    if (inShard > 0) {
      end();
    }
    group.finish();
    deleteFrom(count);
  }

  /** Stops the builders and deletes temporary files. */
  @Override
  public void close() throws IOException {
    workers.close();
    if (open != null) {
      open.close();
    }
  }
}
