package dev.kiln.selftest;

import dev.kiln.infer.Encoder;
import dev.kiln.model.ExportedEncoder;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * An encoder that is to prove itself.
 *
 * @param name implementation and precision
 * @param tolerance largest relative L2 error of an embedding
 * @param leastCosine between an embedding and the published encoder's
 * @param absent why the machine cannot run it; empty if it has all that is needed
 * @param opener opens it
 */
record Candidate(
    String name,
    double tolerance,
    double leastCosine,
    Supplier<Optional<String>> absent,
    Opener opener) {

  /** Opens an encoder for one platform and chip size. */
  interface Opener {
    Encoder open(ExportedEncoder exported, int batchSize);
  }

  /** Passes if the machine has what this needs. */
  void requireThere() throws SkippedException {
    Optional<String> reason = absent.get();
    if (reason.isPresent()) {
      throw new SkippedException(reason.get());
    }
  }

  Encoder open(ExportedEncoder exported, int batchSize) {
    return opener.open(exported, batchSize);
  }
}
