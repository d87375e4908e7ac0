package dev.kiln.search;

import dev.kiln.dataset.Column;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.EmbeddingReader;
import dev.kiln.dataset.FileFault;
import dev.kiln.dataset.ReadErrors;
import dev.kiln.dataset.ReadReport;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.io.FileTrees;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Builds the index of a dataset, in {@code _kiln/index} below its directory or in another one.
 *
 * <p>Rows are divided into shards in their order; each shard has a graph that one thread builds.
 * Memory is bounded by the number of threads. Finished shards are kept beside the index, in a
 * directory whose name ends in {@code .building}, so that a build that was interrupted resumes; the
 * whole directory gets its final name at the end. The same dataset and options give the same bytes,
 * interrupted or not.
 */
public final class IndexBuilder {
  private static final Logger log = LoggerFactory.getLogger(IndexBuilder.class);
  private static final String PLAN = "plan.json";

  private final EmbeddingFiles files;
  private final IndexOptions options;
  private final int threads;
  private final boolean mixed;
  private final Path index;
  private final Path building;

  /**
   * Creates a builder of the index that is stored with a dataset on this machine.
   *
   * @param files the dataset; borrowed
   * @param options of the build
   * @param threads number of shards that are built at once, at least 1
   * @param mixed whether vectors of different models are indexed together
   * @throws ConfigurationException if the dataset is not on this machine
   */
  public IndexBuilder(EmbeddingFiles files, IndexOptions options, int threads, boolean mixed) {
    this(
        files,
        directory(files)
            .orElseThrow(
                () ->
                    new ConfigurationException(
                        Mismatch.of(
                            files.uri(),
                            "--out DIR, where the index of a dataset in a bucket is stored",
                            "none"))),
        options,
        threads,
        mixed);
  }

  /**
   * Creates a builder of an index in a directory.
   *
   * @param files the dataset, anywhere; borrowed
   * @param index directory of the index, replaced if it exists
   * @param options of the build
   * @param threads number of shards that are built at once, at least 1
   * @param mixed whether vectors of different models are indexed together
   */
  public IndexBuilder(
      EmbeddingFiles files, Path index, IndexOptions options, int threads, boolean mixed) {
    this.files = files;
    this.index = index.toAbsolutePath();
    this.options = options;
    this.threads = Math.max(1, threads);
    this.mixed = mixed;
    this.building = beside(".building");
  }

  private Path beside(String suffix) {
    return index.resolveSibling(index.getFileName() + suffix);
  }

  /**
   * Returns the directory of the index that is stored with a dataset, which need not exist; empty
   * if the dataset is not on this machine.
   */
  static Optional<Path> directory(EmbeddingFiles files) {
    return files.directory().map(directory -> directory.resolve("_kiln").resolve("index"));
  }

  /**
   * What a build has done.
   *
   * @param rows number of rows in the index
   * @param shards number of shards
   * @param kept number of shards that an earlier build had finished
   * @param leftOut number of rows without a finite vector, or with a vector of zeros
   * @param bytes size of the index
   * @param seconds time of the build
   * @param faults files that could not be read; their rows are not in the index
   */
  public record Report(
      long rows,
      int shards,
      int kept,
      long leftOut,
      long bytes,
      double seconds,
      List<FileFault> faults) {}

  /**
   * Builds the index.
   *
   * @throws ConfigurationException if the dataset has no vectors, has vectors that cannot be
   *     compared, changes meanwhile, or is being indexed by another process
   * @throws IOException if a file cannot be written; another attempt resumes
   */
  public Report build() throws IOException, InterruptedException {
    requireReplaceable();
    try (FileChannel channel = lockFile();
        FileLock lock = lock(channel)) {
      log.debug("index locked: directory={} exclusive={}", index, !lock.isShared());
      return buildLocked();
    }
  }

  private FileChannel lockFile() {
    try {
      Files.createDirectories(index.getParent());
      return FileChannel.open(beside(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new ConfigurationException(
          "%s: cannot write the index there: %s: choose another directory with --out"
              .formatted(index, ReadErrors.reason(e)),
          e);
    }
  }

  /** An index is replaced; anything else in the directory that the user named is not. */
  private void requireReplaceable() throws IOException {
    boolean stored = directory(files).map(Path::toAbsolutePath).equals(Optional.of(index));
    if (!stored && Files.exists(index) && !Files.exists(index.resolve(IndexManifest.NAME))) {
      try (Stream<Path> entries = Files.isDirectory(index) ? Files.list(index) : Stream.of(index)) {
        if (entries.findAny().isPresent()) {
          throw new ConfigurationException(
              Mismatch.of(
                  index.toString(),
                  "an index or an empty directory",
                  "other files: choose another"));
        }
      }
    }
  }

  private FileLock lock(FileChannel channel) throws IOException {
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Another builder of this process.
    }
    if (lock == null) {
      throw new ConfigurationException(
          files.uri() + ": another kiln index is running: wait until it has ended");
    }
    return lock;
  }

  private Report buildLocked() throws IOException, InterruptedException {
    long start = System.nanoTime();
    DatasetState state = DatasetState.of(files);
    prepare(IndexManifest.plan(state, options));
    while (true) {
      try (IndexShards shards = new IndexShards(files, building, options, threads)) {
        ReadReport report = read(shards);
        publish(state, shards);
        return new Report(
            shards.rows(),
            shards.count(),
            shards.kept(),
            report.notFinite() + shards.zeros(),
            bytes(index),
            (System.nanoTime() - start) / 1e9,
            report.faults());
      } catch (IndexShards.StaleException e) {
        // Deleted; the others are kept.
        log.debug("reading the dataset again: reason=\"{}\"", e.getMessage());
      }
    }
  }

  private ReadReport read(IndexShards shards) throws IOException, InterruptedException {
    ReadReport report =
        EmbeddingReader.builder(files)
            .columns(EnumSet.allOf(Column.class))
            .allowMixed(mixed)
            .build()
            .read(shards::add);
    shards.finish();
    return report;
  }

  private void publish(DatasetState state, IndexShards shards)
      throws IOException, InterruptedException {
    if (shards.rows() == 0) {
      throw new ConfigurationException(
          Mismatch.of(files.uri(), "at least one row with a finite vector", "none"));
    }
    if (!DatasetState.of(files).equals(state)) {
      throw new ConfigurationException(
          files.uri() + ": the dataset changed while it was indexed: run kiln index again");
    }
    IndexManifest manifest =
        new IndexManifest(
            state,
            options,
            shards.dim(),
            shards.rows(),
            shards.count(),
            sizes(building, shards.count()));
    Path target = building.resolve(IndexManifest.NAME);
    Files.writeString(ShardFiles.part(target), manifest.json());
    ShardFiles.publish(target);
    Files.delete(building.resolve(PLAN));
    publish();
  }

  /** Keeps what an earlier build of the same dataset and options has finished. */
  private void prepare(String plan) throws IOException {
    Path planFile = building.resolve(PLAN);
    if (Files.isRegularFile(planFile) && Files.readString(planFile).equals(plan)) {
      log.info("resuming: directory={}", building);
      return;
    }
    FileTrees.delete(building);
    Files.createDirectories(building);
    Files.writeString(ShardFiles.part(planFile), plan);
    ShardFiles.publish(planFile);
  }

  private void publish() throws IOException {
    Path old = beside(".old");
    FileTrees.delete(old);
    if (Files.exists(index)) {
      Files.move(index, old, StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(building, index, StandardCopyOption.ATOMIC_MOVE);
    FileTrees.delete(old);
  }

  private static Map<String, Long> sizes(Path directory, int shards) throws IOException {
    Map<String, Long> sizes = new TreeMap<>();
    for (int shard = 0; shard < shards; shard++) {
      for (Path file : ShardFiles.of(directory, shard).all()) {
        sizes.put(file.getFileName().toString(), Files.size(file));
      }
    }
    return sizes;
  }

  private static long bytes(Path directory) throws IOException {
    long bytes = 0;
    try (var paths = Files.list(directory)) {
      for (Path path : paths.toList()) {
        bytes += Files.size(path);
      }
    }
    return bytes;
  }
}
