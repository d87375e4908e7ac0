package dev.kiln.selftest;

import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.EncoderOptions.Kind;
import dev.kiln.infer.PrecisionRequest;
import dev.kiln.infer.select.Encoders;
import dev.kiln.type.DataType;
import java.util.List;
import java.util.stream.Stream;

/** All encoders of Kiln in all their precisions, for the self-test and the benchmarks. */
public final class EncoderCandidates {
  // Tolerances of the golden cases: relative L2 error and cosine.
  private static final double FP32_ERROR = 2e-5;
  private static final double BF16_ERROR = 1e-2;
  private static final double FP16_ERROR = 3e-3;
  private static final double MIN_COSINE = 0.9999;

  private EncoderCandidates() {}

  /** Returns the encoders that run on the CPU; the first is the reference. */
  public static List<Candidate> onCpu() {
    return List.of(
        candidate(Kind.ONNXRUNTIME, "onnxruntime", DataType.FP32, FP32_ERROR),
        candidate(Kind.CPU, "onednn", DataType.FP32, FP32_ERROR),
        candidate(Kind.CPU, "onednn", DataType.BF16, BF16_ERROR));
  }

  /** Returns the encoders that run on a GPU. */
  public static List<Candidate> onGpu() {
    return List.of(
        candidate(Kind.TENSORRT, "tensorrt", DataType.BF16, BF16_ERROR),
        candidate(Kind.TENSORRT, "tensorrt", DataType.FP16, FP16_ERROR),
        candidate(Kind.CUDA, "cuda", DataType.BF16, BF16_ERROR));
  }

  /**
   * Returns a candidate by name.
   *
   * @throws IllegalArgumentException if there is no such candidate
   */
  public static Candidate named(String name) {
    return Stream.concat(onCpu().stream(), onGpu().stream())
        .filter(candidate -> candidate.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("unknown encoder " + name));
  }

  private static Candidate candidate(Kind kind, String name, DataType precision, double tolerance) {
    EncoderOptions options =
        EncoderOptions.of(kind)
            .withRequireGpu(kind == Kind.TENSORRT || kind == Kind.CUDA)
            .withPrecision(PrecisionRequest.fixed(precision));
    return new Candidate(
        name + " " + precision.label(),
        precision,
        tolerance,
        MIN_COSINE,
        () -> Encoders.missing(kind, precision),
        (exported, batchSize) ->
            Encoders.open(
                exported,
                batchSize.isPresent() ? options.withBatchSize(batchSize.getAsInt()) : options));
  }
}
