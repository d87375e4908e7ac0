package dev.kiln.search;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.io.Sha256;
import dev.kiln.io.Workers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.stream.IntStream;

/**
 * Which files a dataset had at one time. Two states of a dataset on this machine are equal if every
 * file has the same key, size and time of its last change. Where times cannot be compared, as
 * between a directory and its copy in a bucket, {@link #sameFiles} compares keys and sizes.
 *
 * @param files number of files
 * @param bytes size of all files
 * @param names SHA-256 of keys and sizes, in hexadecimal
 * @param hash SHA-256 of keys, sizes and times, in hexadecimal; without times in a bucket
 */
record DatasetState(int files, long bytes, String names, String hash) {
  /** Requests at once for the sizes of files in a bucket. */
  private static final int REQUESTS = 16;

  /**
   * Returns the state of a dataset now.
   *
   * @throws IOException if a file is missing, or the store cannot be reached
   */
  static DatasetState of(EmbeddingFiles files) throws IOException, InterruptedException {
    long[] sizes = sizes(files);
    MessageDigest names = Sha256.digest();
    MessageDigest all = Sha256.digest();
    long bytes = 0;
    for (int file = 0; file < sizes.length; file++) {
      String key = files.keys().get(file);
      String line = key + "\n" + sizes[file];
      add(names, line);
      add(all, line + " " + time(files, key));
      bytes += sizes[file];
    }
    return new DatasetState(sizes.length, bytes, Sha256.hex(names), Sha256.hex(all));
  }

  private static long[] sizes(EmbeddingFiles files) throws IOException, InterruptedException {
    long[] sizes = new long[files.keys().size()];
    int requests = files.directory().isPresent() ? 1 : Math.min(REQUESTS, sizes.length);
    try (Workers workers = new Workers("sizes", requests)) {
      workers.forEach(
          IntStream.range(0, sizes.length).boxed().toList(),
          file -> sizes[file] = files.size(file));
    }
    return sizes;
  }

  private static String time(EmbeddingFiles files, String key) throws IOException {
    if (files.directory().isEmpty()) {
      return "";
    }
    Path path = files.directory().get().resolve(key);
    return Long.toString(Files.getLastModifiedTime(path).toMillis());
  }

  private static void add(MessageDigest digest, String line) {
    digest.update((line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Returns whether the files of two states have the same keys and sizes. */
  boolean sameFiles(DatasetState other) {
    return names.equals(other.names);
  }
}
