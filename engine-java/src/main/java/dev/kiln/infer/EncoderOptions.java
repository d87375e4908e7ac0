package dev.kiln.infer;

import java.util.Locale;
import java.util.OptionalInt;

/**
 * Choice of an encoder. Start from {@link #of} and change what differs from the defaults.
 *
 * @param kind implementation
 * @param requireGpu whether a CPU encoder is an error
 * @param precision type of the inputs of matrix products
 * @param batchSize most chips in a batch; empty for the encoder's default
 * @param threads threads of a CPU encoder; empty for one per core
 * @param vectors which vectors of a chip are computed
 */
public record EncoderOptions(
    Kind kind,
    boolean requireGpu,
    PrecisionRequest precision,
    OptionalInt batchSize,
    OptionalInt threads,
    VectorRequest vectors) {
  /** Implementations of an encoder. */
  public enum Kind {
    /** The fastest that this machine has. */
    AUTO,
    /** TensorRT on a GPU. */
    TENSORRT,
    /** Kiln's own kernels on a GPU. */
    CUDA,
    /** oneDNN on the CPU. */
    CPU,
    /** ONNX Runtime on the CPU. */
    ONNXRUNTIME;

    /** {@return the value of {@code --encoder}} */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Checks the numbers. */
  public EncoderOptions {
    if (batchSize.orElse(1) < 1 || threads.orElse(1) < 1) {
      throw new IllegalArgumentException(
          "expected a batch size and threads of at least 1, found %s and %s"
              .formatted(batchSize, threads));
    }
  }

  /**
   * {@return the defaults of an implementation}
   *
   * @param kind implementation
   */
  public static EncoderOptions of(Kind kind) {
    return new EncoderOptions(
        kind,
        false,
        PrecisionRequest.DEFAULT,
        OptionalInt.empty(),
        OptionalInt.empty(),
        VectorRequest.CHIP);
  }

  /**
   * {@return these options with a CPU encoder as an error or not}
   *
   * @param required whether a CPU encoder is an error
   */
  public EncoderOptions withRequireGpu(boolean required) {
    return new EncoderOptions(kind, required, precision, batchSize, threads, vectors);
  }

  /**
   * {@return these options with a precision}
   *
   * @param request type of the inputs of matrix products
   */
  public EncoderOptions withPrecision(PrecisionRequest request) {
    return new EncoderOptions(kind, requireGpu, request, batchSize, threads, vectors);
  }

  /**
   * {@return these options with the most chips in a batch}
   *
   * @param chips maximum number of chips in a batch, at least 1
   */
  public EncoderOptions withBatchSize(int chips) {
    return new EncoderOptions(kind, requireGpu, precision, OptionalInt.of(chips), threads, vectors);
  }

  /**
   * {@return these options with the threads of a CPU encoder}
   *
   * @param count threads, at least 1
   */
  public EncoderOptions withThreads(int count) {
    return new EncoderOptions(
        kind, requireGpu, precision, batchSize, OptionalInt.of(count), vectors);
  }

  /**
   * {@return these options with the vectors of a chip that are computed}
   *
   * @param request vectors to compute
   */
  public EncoderOptions withVectors(VectorRequest request) {
    return new EncoderOptions(kind, requireGpu, precision, batchSize, threads, request);
  }
}
