package dev.kiln.selftest;

import dev.kiln.infer.Encoder;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.type.DataType;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * An encoder to check and to measure.
 *
 * @param name implementation and precision, such as {@code tensorrt bf16}
 * @param precision type of the inputs of matrix products
 * @param tolerance largest relative L2 error of an embedding
 * @param minCosine smallest cosine between an embedding and that of the published encoder
 * @param missing why this machine cannot run the encoder; empty if it can
 * @param opener opens the encoder
 */
public record Candidate(
    String name,
    DataType precision,
    double tolerance,
    double minCosine,
    Supplier<Optional<String>> missing,
    Opener opener) {

  /** Opens an encoder for one platform and chip size. */
  public interface Opener {
    /**
     * Returns an encoder, which the caller closes.
     *
     * @param batchSize maximum number of chips in a batch; empty for the encoder's default
     */
    Encoder open(ExportedEncoder exported, OptionalInt batchSize);
  }

  /** Throws a {@link SkippedException} unless this machine can run the encoder. */
  void requireAvailable() throws SkippedException {
    Optional<String> reason = missing.get();
    if (reason.isPresent()) {
      throw new SkippedException(reason.get());
    }
  }

  Encoder open(ExportedEncoder exported, int batchSize) {
    return opener.open(exported, OptionalInt.of(batchSize));
  }
}
