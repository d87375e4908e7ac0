package dev.kiln.infer.gpu;

import dev.kiln.cuda.CubinCache;
import dev.kiln.cuda.CudaGpu;
import dev.kiln.cuda.DeviceCode;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.Nvrtc;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.SupportedPrecisions;
import dev.kiln.infer.VectorLayout;
import dev.kiln.infer.VectorRequest;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.type.DataType;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The encoder with Kiln's own kernels, and cuBLASLt for the matrix products if it is installed.
 * Runs in bfloat16 on GPUs from sm_80 on.
 */
public final class KernelEncoder {
  /** Enough to occupy a large GPU; larger batches only use more memory. */
  public static final int DEFAULT_BATCH_SIZE = 64;

  /** The only precision of the kernels. */
  public static final SupportedPrecisions PRECISIONS =
      SupportedPrecisions.of("Kiln's own kernels (--encoder cuda)", DataType.BF16);

  private KernelEncoder() {}

  /**
   * Returns what a machine with a GPU lacks for the encoder; empty if nothing. With cached kernels
   * no compiler is needed.
   */
  static Optional<String> missing() {
    return missing(CubinCache.ofUser(), CudaGpu.architecture());
  }

  static Optional<String> missing(CubinCache kernels, String architecture) {
    boolean cached =
        Arrays.stream(DeviceCode.values())
            .filter(DeviceCode::required)
            .allMatch(
                code -> kernels.contains(code.title(), code.source(), architecture, List.of()));
    if (cached) {
      return Optional.empty();
    }
    try {
      Nvrtc.version();
      return Optional.empty();
    } catch (IllegalStateException e) {
      return Optional.of(e.getMessage());
    }
  }

  /**
   * Opens the encoder for embeddings alone.
   *
   * @param gpu closed by the encoder, also if this method throws
   * @param exported model, platform and chip size
   * @param batchSize maximum number of chips in a batch; empty for {@link #DEFAULT_BATCH_SIZE}
   * @param precision one of {@link #PRECISIONS}
   * @throws ConfigurationException if the GPU, the model or the precision is not supported
   */
  public static Encoder open(
      Gpu gpu, ExportedEncoder exported, OptionalInt batchSize, DataType precision) {
    return open(gpu, exported, batchSize, precision, VectorRequest.CHIP);
  }

  /**
   * Opens the encoder.
   *
   * @param gpu closed by the encoder, also if this method throws
   * @param exported model, platform and chip size
   * @param batchSize maximum number of chips in a batch; empty for {@link #DEFAULT_BATCH_SIZE}
   * @param precision one of {@link #PRECISIONS}
   * @param request vectors of a chip that are computed
   * @throws ConfigurationException if the GPU, the model or the precision is not supported, or the
   *     patches of a chip do not fit the request
   */
  public static Encoder open(
      Gpu gpu,
      ExportedEncoder exported,
      OptionalInt batchSize,
      DataType precision,
      VectorRequest request) {
    int capacity = batchSize.orElse(DEFAULT_BATCH_SIZE);
    VectorLayout vectors;
    EncoderDescription description;
    try {
      vectors = request.layout(exported.architecture().dim(), exported.patchesPerSide());
      description =
          new EncoderDescription(
              "cuda",
              gpu.description().name(),
              precision,
              vectors.length(),
              exported.chipSize(),
              capacity);
    } catch (RuntimeException | Error e) {
      gpu.close();
      throw e;
    }
    return new DeviceEncoder(
        gpu,
        exported.platform(),
        description,
        vectors,
        device -> {
          PRECISIONS.require(precision);
          if (device.description().major() < 8) {
            throw new ConfigurationException(
                "--encoder cuda: expected sm_80 or later, found %s; use --encoder cpu"
                    .formatted(device.description()));
          }
          return new KernelForwardPass(device, exported, capacity, vectors);
        });
  }
}
