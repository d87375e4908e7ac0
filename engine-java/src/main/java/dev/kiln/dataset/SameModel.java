package dev.kiln.dataset;

import dev.kiln.error.ConfigurationException;
import dev.kiln.sink.EmbeddingFile;

/**
 * Checks that all files of a pass have vectors of one model, precision, type and length. Safe for
 * use by several threads.
 */
final class SameModel {
  private ModelSignature signature;
  private String dtype;
  private String signatureFile;
  private int dim;
  private String dimFile;

  /**
   * Compares a file's model, precision and type of vectors with those of the first file.
   *
   * @throws ConfigurationException if they differ
   */
  synchronized void requireModel(EmbeddingFile file) {
    ModelSignature found = ModelSignature.of(file);
    String foundType = ModelSignature.dtype(file);
    if (signature == null) {
      signature = found;
      dtype = foundType;
      signatureFile = file.name();
    }
    String differences = signature.differences(found);
    if (!differences.isEmpty()) {
      throw new ConfigurationException(
          "%s: %s, as in %s: vectors of different models cannot be compared"
              .formatted(file.name(), differences, signatureFile));
    }
    if (!dtype.equals(foundType)) {
      throw new ConfigurationException(
          "%s: expected vectors of --dtype %s, as in %s, found %s: use a directory for each"
              .formatted(file.name(), dtype, signatureFile, foundType));
    }
  }

  /**
   * Compares the length of a file's vectors with that of the first file.
   *
   * @param found length of a vector; 0 in a file without vectors
   * @throws ConfigurationException if it differs
   */
  synchronized void requireLength(String file, int found) {
    if (found == 0) {
      return;
    }
    if (dim == 0) {
      dim = found;
      dimFile = file;
    }
    if (dim != found) {
      throw new ConfigurationException(
          "%s: expected vectors of %d values, as in %s, found %d"
              .formatted(file, dim, dimFile, found));
    }
  }
}
