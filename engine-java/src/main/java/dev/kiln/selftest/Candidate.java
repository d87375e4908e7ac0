package dev.kiln.selftest;

import dev.kiln.infer.Encoder;
import dev.kiln.model.ExportedEncoder;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * An encoder under test.
 *
 * @param name implementation and precision
 * @param tolerance largest allowed relative L2 error of an embedding
 * @param minCosine smallest allowed cosine between an embedding and its reference
 * @param missing returns why this machine cannot run it; empty if it can
 * @param opener opens it
 */
record Candidate(
    String name,
    double tolerance,
    double minCosine,
    Supplier<Optional<String>> missing,
    Opener opener) {

  /** Opens an encoder for one platform and chip size. */
  interface Opener {
    Encoder open(ExportedEncoder exported, int batchSize);
  }

  /**
   * Checks that this machine can run the encoder.
   *
   * @throws SkippedException if it cannot
   */
  void requireAvailable() throws SkippedException {
    Optional<String> reason = missing.get();
    if (reason.isPresent()) {
      throw new SkippedException(reason.get());
    }
  }

  Encoder open(ExportedEncoder exported, int batchSize) {
    return opener.open(exported, batchSize);
  }
}
