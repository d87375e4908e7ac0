package dev.kiln.benchmarks;

import dev.kiln.model.ModelDirectory;
import dev.kiln.selftest.Candidate;
import dev.kiln.selftest.Measurement;
import dev.kiln.type.DataType;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * Opens an encoder, with its files in the page cache, in a process that then encodes one chip. A
 * sample is openings per second.
 */
final class EncoderStart implements Case.Sampler {
  private static final double GOAL_SECONDS = 5;

  private final Callable<ModelDirectory> model;
  private final Candidate candidate;
  private double peak;
  private double weights;

  EncoderStart(Callable<ModelDirectory> model, Candidate candidate) {
    this.model = model;
    this.candidate = candidate;
  }

  @Override
  public List<Case.Sample> sample(Case.Effort effort) throws Exception {
    ModelDirectory exported = model.call();
    List<Case.Sample> samples = new ArrayList<>();
    // The first run fills the page cache.
    for (int i = 0; i <= effort.iterations(); i++) {
      List<String> lines = EncoderProgram.run(exported, candidate.name(), 1, false);
      if (i > 0) {
        samples.add(
            Case.Sample.of(
                1,
                EncoderProgram.value(lines, "opened"),
                EncoderProgram.value(lines, "openedCores")));
        peak = Math.max(peak, EncoderProgram.value(lines, "peak"));
      }
    }
    weights = Files.size(exported.weights()) / (candidate.precision() == DataType.FP32 ? 1.0 : 2.0);
    return samples;
  }

  /** Returns start time and peak memory, with their goals. */
  String remark(double perCore) {
    return Measurement.of("CPU time", 1 / perCore, "s").atMost(GOAL_SECONDS)
        + "; "
        + Measurement.of("peak memory", peak / 1e9, "GB").atMost((1.5 * weights + 1e9) / 1e9);
  }
}
