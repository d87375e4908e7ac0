package dev.kiln.dataset;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.fetch.ObjectChangedException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.sink.ParquetBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * The Parquet files of a dataset: the output of {@code kiln embed}, a merged dataset in Hive
 * partitions, or a single file. Names that start with {@code _} or {@code .} are ignored, with all
 * below them, as Hive and Spark do; {@code _kiln} holds reports. Files are sorted by key, so a
 * file's index is the same in every process.
 *
 * <p>Owns the store. Safe for use by several threads.
 */
public final class EmbeddingFiles implements AutoCloseable {
  private static final String SUFFIX = ".parquet";

  /** Suffixes of files that are stored with a dataset: they are not directories to list. */
  private static final Set<String> OTHER_FILES =
      Set.of("json", "geojson", "jsonl", "txt", "csv", "gz", "md", "png", "html", "part", "tif");

  private final String uri;
  private final ObjectStore store;
  private final Optional<Path> directory;
  private final List<String> keys;

  /** Hash of the version of each file that was opened first; 0 for none. */
  private final AtomicIntegerArray versions;

  private EmbeddingFiles(
      String uri, ObjectStore store, Optional<Path> directory, List<String> keys) {
    this.uri = uri;
    this.store = store;
    this.directory = directory;
    this.keys = keys;
    this.versions = new AtomicIntegerArray(keys.size());
  }

  /**
   * Lists a dataset.
   *
   * @param uri a directory, the prefix of a bucket, or one Parquet file
   * @param options for a remote store
   * @return the files of the dataset
   * @throws ConfigurationException if it contains no Parquet file
   * @throws IOException if it cannot be listed
   */
  public static EmbeddingFiles open(String uri, StoreOptions options) throws IOException {
    boolean remote = ObjectStores.isRemote(uri);
    boolean single = uri.endsWith(SUFFIX) && (remote || !Files.isDirectory(path(uri)));
    String root = single ? uri.substring(0, uri.lastIndexOf('/') + 1) : uri;
    if (root.isEmpty()) {
      root = ".";
    }
    ObjectStore store = ObjectStores.open(root, options);
    try {
      List<String> keys = new ArrayList<>();
      if (single) {
        keys.add(uri.substring(uri.lastIndexOf('/') + 1));
      } else {
        list(store, "", keys);
        Collections.sort(keys);
      }
      if (keys.isEmpty()) {
        throw new ConfigurationException(
            Mismatch.of(
                ObjectStores.redacted(uri),
                "Parquet files written by kiln embed or kiln merge",
                "none"));
      }
      Optional<Path> directory = remote ? Optional.empty() : Optional.of(path(root));
      return new EmbeddingFiles(uri, store, directory, List.copyOf(keys));
    } catch (IOException | RuntimeException | Error e) {
      store.close();
      throw e;
    }
  }

  /**
   * Selects some files of a dataset, without listing it.
   *
   * @param uri a directory or the prefix of a bucket
   * @param options for a remote store
   * @param keys of files that exist, at least one
   */
  public static EmbeddingFiles of(String uri, StoreOptions options, Collection<String> keys) {
    Optional<Path> directory =
        ObjectStores.isRemote(uri) ? Optional.empty() : Optional.of(path(uri));
    return new EmbeddingFiles(
        uri, ObjectStores.open(uri, options), directory, keys.stream().sorted().toList());
  }

  private static Path path(String uri) {
    return ObjectStores.localPath(uri);
  }

  private static void list(ObjectStore store, String directory, List<String> keys)
      throws IOException {
    for (String name : store.list(directory)) {
      if (name.startsWith("_") || name.startsWith(".") || name.isEmpty()) {
        continue;
      }
      String key = directory.isEmpty() ? name : directory + "/" + name;
      if (name.endsWith(SUFFIX)) {
        keys.add(key);
      } else if (!OTHER_FILES.contains(suffix(name))) {
        list(store, key, keys);
      }
    }
  }

  private static String suffix(String name) {
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  /** {@return the URI of the dataset as the user gave it} */
  public String uri() {
    return uri;
  }

  /** {@return the directory that keys refer to; empty if it is not on this machine} */
  public Optional<Path> directory() {
    return directory;
  }

  /** {@return the keys of the files, sorted; at least one} */
  public List<String> keys() {
    return keys;
  }

  /**
   * {@return the full name of a file, for messages: a path or a URI}
   *
   * @param file its index in {@link #keys}
   */
  public String name(int file) {
    return store.uri(keys.get(file));
  }

  /**
   * {@return the size of a file in bytes}
   *
   * @param file its index in {@link #keys}
   * @throws IOException if there is no such file, or its store cannot be reached
   */
  public long size(int file) throws IOException {
    if (directory.isPresent()) {
      return Files.size(directory.get().resolve(keys.get(file)));
    }
    try (ParquetBytes bytes = open(file)) {
      return bytes.size();
    }
  }

  /**
   * Opens a file; the caller closes it.
   *
   * @param file its index in {@link #keys}
   * @return its bytes
   * @throws ObjectChangedException if the file has changed since it was opened first, so that the
   *     positions of its rows are no longer those that were read before
   * @throws IOException if it cannot be opened
   */
  public ParquetBytes open(int file) throws IOException {
    String key = keys.get(file);
    if (directory.isPresent()) {
      Path path = directory.get().resolve(key);
      requireVersion(file, ObjectStores.localVersion(path));
      return ParquetBytes.open(path);
    }
    StoredBytes bytes = new StoredBytes(store, key);
    try {
      requireVersion(file, bytes.version());
      return bytes;
    } catch (IOException e) {
      bytes.close();
      throw e;
    }
  }

  private void requireVersion(int file, String version) throws ObjectChangedException {
    int hash = version.hashCode() == 0 ? 1 : version.hashCode();
    int first = versions.compareAndExchange(file, 0, hash);
    if (first != 0 && first != hash) {
      throw new ObjectChangedException(name(file));
    }
  }

  @Override
  public void close() {
    store.close();
  }
}
