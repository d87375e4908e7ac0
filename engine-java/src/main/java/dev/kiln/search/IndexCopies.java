package dev.kiln.search;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.io.FileTrees;
import dev.kiln.io.Sha256;
import dev.kiln.io.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies of indexes from buckets and web servers on the local disk: a search reads an index at
 * thousands of places, so it is fetched whole, once. A copy is named by the hashes of its URI and
 * its description, and exists whole or not at all.
 */
public final class IndexCopies {
  private static final Logger log = LoggerFactory.getLogger(IndexCopies.class);
  private static final int HASH_LENGTH = 16;

  private IndexCopies() {}

  /** {@return the directory for copies of this user; need not exist} */
  public static Path ofUser() {
    return UserCache.directory("indexes");
  }

  /**
   * Returns the directory of an index: itself if it is on this machine, else a copy.
   *
   * @param uri {@code s3://…}, {@code gs://…}, {@code az://…}, {@code https://…}, {@code file:…} or
   *     a path
   * @param options how the bucket is reached
   * @param cache directory for copies
   * @throws ConfigurationException if there is no index
   * @throws IOException if it cannot be read, or not be stored
   */
  public static Path local(String uri, StoreOptions options, Path cache) throws IOException {
    if (!ObjectStores.isRemote(uri)) {
      return ObjectStores.localPath(uri);
    }
    try (ObjectStore store = ObjectStores.open(uri, options)) {
      byte[] json = description(store);
      IndexManifest manifest = IndexManifest.parse(store.uri(IndexManifest.NAME), json);
      String source = Sha256.hex(uri).substring(0, HASH_LENGTH) + "-";
      Path copy =
          cache.toAbsolutePath().resolve(source + Sha256.hex(json).substring(0, HASH_LENGTH));
      if (!Files.isRegularFile(copy.resolve(IndexManifest.NAME))) {
        fetch(store, manifest, json, copy);
        removeOthers(cache, source, copy);
      }
      return copy;
    }
  }

  private static byte[] description(ObjectStore store) throws IOException {
    try {
      return store.read(IndexManifest.NAME);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(
          Mismatch.of(
              "--search-index " + ObjectStores.redacted(store.root()),
              "an index that kiln index built, with " + IndexManifest.NAME,
              "none"),
          e);
    }
  }

  private static void fetch(ObjectStore store, IndexManifest manifest, byte[] json, Path copy)
      throws IOException {
    log.info(
        "fetching the index: from={} files={} bytes={} to={}",
        ObjectStores.redacted(store.root()),
        manifest.sizes().size(),
        manifest.sizes().values().stream().mapToLong(Long::longValue).sum(),
        copy);
    Files.createDirectories(copy.getParent());
    Path temporary = Files.createTempDirectory(copy.getParent(), ".copying-");
    try {
      for (Map.Entry<String, Long> file : manifest.sizes().entrySet()) {
        fetch(store, file.getKey(), file.getValue(), temporary);
      }
      Files.write(temporary.resolve(IndexManifest.NAME), json);
      FileTrees.delete(copy);
      Files.move(temporary, copy, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      FileTrees.delete(temporary);
    }
  }

  private static void fetch(ObjectStore store, String name, long size, Path directory)
      throws IOException {
    if (name.contains("/") || name.contains("\\") || name.startsWith(".")) {
      throw new ConfigurationException(
          Mismatch.of(store.uri(IndexManifest.NAME), "names of files", "'" + name + "'"));
    }
    long bytes;
    try (InputStream in = store.stream(name)) {
      bytes = Files.copy(in, directory.resolve(name));
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(
          Mismatch.of(store.uri(name), size + " bytes", "no file") + ": copy the whole index there",
          e);
    }
    if (bytes != size) {
      throw new ConfigurationException(
          Mismatch.of(store.uri(name), size + " bytes", bytes) + ": copy the whole index there");
    }
  }

  /** Deletes copies of earlier versions; a process that has mapped one keeps its files. */
  private static void removeOthers(Path cache, String source, Path copy) throws IOException {
    List<Path> others;
    try (Stream<Path> entries = Files.list(cache)) {
      others =
          entries
              .filter(p -> p.getFileName().toString().startsWith(source))
              .filter(p -> !p.getFileName().equals(copy.getFileName()))
              .toList();
    }
    for (Path other : others) {
      FileTrees.delete(other);
    }
  }
}
