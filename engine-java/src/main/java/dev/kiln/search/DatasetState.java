package dev.kiln.search;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.io.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;

/**
 * Which files a dataset had at one time. Two states are equal if every file has the same key, size
 * and time of its last change.
 *
 * @param files number of files
 * @param bytes size of all files
 * @param hash SHA-256 of keys, sizes and times, in hexadecimal
 */
record DatasetState(int files, long bytes, String hash) {

  /**
   * Returns the state of a dataset now.
   *
   * @throws ConfigurationException if it is not on this machine
   */
  static DatasetState of(EmbeddingFiles files) throws IOException {
    Path directory = directory(files);
    MessageDigest digest = Sha256.digest();
    long bytes = 0;
    for (String key : files.keys()) {
      BasicFileAttributes attributes =
          Files.readAttributes(directory.resolve(key), BasicFileAttributes.class);
      bytes += attributes.size();
      String line =
          key + "\n" + attributes.size() + " " + attributes.lastModifiedTime().toMillis() + "\n";
      digest.update(line.getBytes(StandardCharsets.UTF_8));
    }
    return new DatasetState(files.keys().size(), bytes, Sha256.hex(digest));
  }

  /**
   * Returns the directory of a dataset.
   *
   * @throws ConfigurationException if it is not on this machine
   */
  static Path directory(EmbeddingFiles files) {
    return files
        .directory()
        .orElseThrow(
            () ->
                new ConfigurationException(
                    Mismatch.of(
                        files.uri(),
                        "a directory of this machine, to store the index in",
                        "a URI")));
  }
}
