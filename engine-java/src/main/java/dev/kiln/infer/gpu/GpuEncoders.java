package dev.kiln.infer.gpu;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.cuda.CudaException;
import dev.kiln.cuda.CudaGpu;
import dev.kiln.cuda.Gpu;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderOptions.Kind;
import dev.kiln.infer.SupportedPrecisions;
import dev.kiln.infer.VectorRequest;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.type.DataType;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/** The encoders that run on a GPU, the fastest first, and their requirements on this machine. */
public final class GpuEncoders {
  /** Opens an encoder on a device. */
  public interface Opener {
    /**
     * Opens the encoder.
     *
     * @param gpu closed by the encoder, also if this method throws
     * @param exported model, platform and chip size
     * @param batchSize maximum number of chips in a batch; empty for the encoder's default
     * @param precision type of the inputs of matrix products
     * @param vectors vectors of a chip that are computed
     */
    Encoder open(
        Gpu gpu,
        ExportedEncoder exported,
        OptionalInt batchSize,
        DataType precision,
        VectorRequest vectors);
  }

  /**
   * An implementation.
   *
   * @param kind name of the implementation
   * @param missing what the machine lacks, in one line with the remedy; empty if nothing
   * @param precisions supported precisions
   * @param computesTokens whether it computes vectors besides the embedding
   * @param open opens the encoder
   */
  public record Candidate(
      Kind kind,
      Supplier<Optional<String>> missing,
      SupportedPrecisions precisions,
      boolean computesTokens,
      Opener open) {
    private boolean computes(VectorRequest vectors) {
      return computesTokens || !vectors.needsTokens();
    }
  }

  /** CUDA on this machine. */
  public interface Machine {
    /** Returns the state of the driver. */
    CudaDriver.Status status();

    /** Opens the first device. */
    Gpu open();
  }

  private static final Machine THIS =
      new Machine() {
        @Override
        public CudaDriver.Status status() {
          return CudaDriver.status();
        }

        @Override
        public Gpu open() {
          return CudaGpu.open();
        }
      };

  private final Machine machine;
  private final List<Candidate> candidates;

  public GpuEncoders(Machine machine, List<Candidate> candidates) {
    this.machine = machine;
    this.candidates = List.copyOf(candidates);
  }

  /** Returns the implementations of this version of Kiln on this machine. */
  public static GpuEncoders ofThisMachine() {
    return new GpuEncoders(
        THIS,
        List.of(
            new Candidate(
                Kind.TENSORRT,
                TensorRtEncoder::missing,
                TensorRtEncoder.PRECISIONS,
                false,
                (gpu, exported, batchSize, precision, vectors) ->
                    TensorRtEncoder.open(gpu, exported, batchSize, precision)),
            new Candidate(
                Kind.CUDA,
                KernelEncoder::missing,
                KernelEncoder.PRECISIONS,
                true,
                KernelEncoder::open)));
  }

  /**
   * Returns why no implementation of this kind can run on this machine; empty if one can.
   *
   * @param kind {@link Kind#AUTO} for any
   */
  public Optional<String> missing(Kind kind) {
    return missing(kind, VectorRequest.CHIP);
  }

  /**
   * Returns why no implementation of this kind can compute these vectors on this machine; empty if
   * one can.
   *
   * @param kind {@link Kind#AUTO} for any
   * @param vectors vectors of a chip
   */
  public Optional<String> missing(Kind kind, VectorRequest vectors) {
    CudaDriver.Status status = machine.status();
    if (!status.ready()) {
      return Optional.of(status.line());
    }
    Optional<String> first = Optional.empty();
    for (Candidate candidate : candidates) {
      if (kind == candidate.kind() && !candidate.computes(vectors)) {
        return Optional.of(
            "expected --vectors chip alone, found mean or patches; use --encoder cuda");
      }
      if (kind == candidate.kind() || kind == Kind.AUTO && candidate.computes(vectors)) {
        Optional<String> missing = candidate.missing().get();
        if (missing.isEmpty()) {
          return missing;
        }
        first = first.isPresent() ? first : missing;
      }
    }
    return first.isPresent() ? first : Optional.of("this version of Kiln has no such encoder");
  }

  /**
   * Returns the first implementation that can run. Call {@link #missing} first; it must be empty.
   *
   * @param kind {@link Kind#AUTO} for any
   * @param vectors vectors of a chip
   */
  public Candidate find(Kind kind, VectorRequest vectors) {
    return candidates.stream()
        .filter(candidate -> kind == Kind.AUTO || kind == candidate.kind())
        .filter(candidate -> candidate.computes(vectors))
        .filter(candidate -> candidate.missing().get().isEmpty())
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no GPU encoder of kind " + kind));
  }

  /**
   * Opens the device.
   *
   * @throws ConfigurationException if CUDA cannot open it
   */
  public Gpu device() {
    try {
      return machine.open();
    } catch (CudaException e) {
      throw new ConfigurationException(
          "GPU: cannot open the device: %s; see nvidia-smi, or use --encoder cpu"
              .formatted(e.getMessage()),
          e);
    }
  }
}
