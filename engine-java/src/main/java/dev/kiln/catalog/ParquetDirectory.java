package dev.kiln.catalog;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Parquet files of a directory or prefix of a bucket, in partitions or not. */
final class ParquetDirectory {
  private static final String SUFFIX = ".parquet";
  private static final int MAX_DEPTH = 4;
  private static final int MAX_FILES = 100_000;

  private ParquetDirectory() {}

  /** {@return whether a URI names a directory rather than a file} */
  static boolean isDirectory(String uri) {
    return ObjectStores.isRemote(uri)
        ? ObjectStores.isBucket(uri) && uri.endsWith("/")
        : Files.isDirectory(ObjectStores.localPath(uri));
  }

  /**
   * Lists the files of a directory and those below it. Names that start with {@code _} or {@code .}
   * are ignored, as other programs do.
   *
   * @param where the directory and the option that names it, for messages
   * @param uri of a local directory or a prefix of a bucket
   * @param options how it is reached
   * @return names relative to the directory, sorted; empty if there are none
   * @throws IOException if it cannot be listed
   */
  static List<String> list(String where, String uri, StoreOptions options) throws IOException {
    List<String> names = new ArrayList<>();
    add(where, uri.replaceFirst("/+$", ""), "", options, 0, names);
    return names;
  }

  private static void add(
      String where, String root, String below, StoreOptions options, int depth, List<String> names)
      throws IOException {
    List<String> entries = new ArrayList<>(ObjectStores.list(root + "/" + below, options));
    entries.sort(null);
    for (String entry : entries) {
      String name = below + entry;
      if (entry.startsWith("_") || entry.startsWith(".")) {
        continue;
      }
      if (entry.toLowerCase(Locale.ROOT).endsWith(SUFFIX)) {
        names.add(name);
      } else if (depth < MAX_DEPTH && (entry.indexOf('=') > 0 || entry.indexOf('.') < 0)) {
        add(where, root, name + "/", options, depth + 1, names);
      }
      if (names.size() > MAX_FILES) {
        throw new ConfigurationException(
            Mismatch.of(where, "at most %,d files".formatted(MAX_FILES), "more"));
      }
    }
  }
}
