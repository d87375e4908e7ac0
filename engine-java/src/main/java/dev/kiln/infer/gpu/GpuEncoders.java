package dev.kiln.infer.gpu;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.cuda.CudaException;
import dev.kiln.cuda.CudaGpu;
import dev.kiln.cuda.Gpu;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderOptions.Kind;
import dev.kiln.infer.Precision;
import dev.kiln.model.ModelDirectory;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The encoders that run on a GPU, the fastest first, and whether this machine has what they need.
 */
public final class GpuEncoders {
  /** Opens an encoder on a device, which it then owns, also if it throws. */
  public interface Opener {
    public Encoder open(
        Gpu gpu, ModelDirectory model, String platform, int chip, int batch, Precision precision);
  }

  /**
   * One of them.
   *
   * @param missing what the machine lacks for it, in one line that says how to get it
   */
  public record Candidate(Kind kind, Supplier<Optional<String>> missing, Opener open) {}

  /** What CUDA this machine has. */
  public interface Machine {
    CudaDriver.Status status();

    public Gpu open();
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

  /** Those of this version of Kiln, on this machine. */
  public static GpuEncoders ofThisMachine() {
    return new GpuEncoders(
        THIS,
        List.of(
            new Candidate(Kind.TENSORRT, TensorRtEncoder::missing, TensorRtEncoder::open),
            new Candidate(Kind.CUDA, KernelEncoder::missing, KernelEncoder::open)));
  }

  /**
   * Why none of them, or not the one of this kind, can run here; empty if it can.
   *
   * @param kind {@link Kind#AUTO} for any
   */
  public Optional<String> missing(Kind kind) {
    CudaDriver.Status status = machine.status();
    if (!status.ready()) {
      return Optional.of(status.line());
    }
    Optional<String> first = Optional.empty();
    for (Candidate candidate : candidates) {
      if (kind == Kind.AUTO || kind == candidate.kind()) {
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
   * Opens the first that can run, for which {@link #missing} was empty.
   *
   * @param precision null for bfloat16
   * @throws ConfigurationException if the device does not do
   */
  public Encoder open(
      Kind kind, ModelDirectory model, String platform, int chip, int batch, Precision precision) {
    if (precision == Precision.FP32) {
      throw new ConfigurationException(
          "--precision fp32: GPU encoders multiply in 16 bits; use --precision bf16, or --encoder"
              + " cpu");
    }
    for (Candidate candidate : candidates) {
      boolean asked = kind == Kind.AUTO || kind == candidate.kind();
      if (asked && candidate.missing().get().isEmpty()) {
        return candidate
            .open()
            .open(
                device(),
                model,
                platform,
                chip,
                batch,
                precision == null ? Precision.AUTO : precision);
      }
    }
    throw new IllegalStateException("no GPU encoder of kind " + kind);
  }

  private Gpu device() {
    try {
      return machine.open();
    } catch (CudaException e) {
      throw new ConfigurationException(
          "GPU: it does not open: %s; nvidia-smi may say more, or use --encoder cpu"
              .formatted(e.getMessage()),
          e);
    }
  }
}
