package dev.kiln.benchmarks;

import dev.kiln.model.ModelDirectory;
import dev.kiln.type.DataType;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

/**
 * Opening an encoder, from files that lie in the page cache, in a process of its own that then
 * encodes one chip. A sample is openings a second.
 */
final class EncoderStart implements Case.Sampler {
  private static final double GOAL_SECONDS = 5;

  private final Callable<ModelDirectory> model;
  private final String kind;
  private final DataType precision;
  private double peak;
  private double weights;

  EncoderStart(Callable<ModelDirectory> model, String kind, DataType precision) {
    this.model = model;
    this.kind = kind;
    this.precision = precision;
  }

  @Override
  public List<Case.Sample> sample(Case.Effort effort) throws Exception {
    ModelDirectory exported = model.call();
    List<Case.Sample> samples = new ArrayList<>();
    // The first brings the files into the cache.
    for (int i = 0; i <= effort.iterations(); i++) {
      List<String> lines = EncoderProgram.run(exported, kind, precision, 1, false);
      if (i > 0) {
        samples.add(
            Case.Sample.of(
                1,
                EncoderProgram.value(lines, "opened"),
                EncoderProgram.value(lines, "openedCores")));
        peak = Math.max(peak, EncoderProgram.value(lines, "peak"));
      }
    }
    weights = Files.size(exported.weights()) / (precision == DataType.BF16 ? 2.0 : 1.0);
    return samples;
  }

  /** What start and memory come to, against their goals. */
  String remark(double perCore) {
    double seconds = 1 / perCore;
    double goal = 1.5 * weights + 1e9;
    return String.format(
        Locale.ROOT,
        "%.1f s of a core, goal %.0f s: %s; at most %.2f GB of memory, goal %.2f GB: %s",
        seconds,
        GOAL_SECONDS,
        seconds <= GOAL_SECONDS ? "met" : "NOT met",
        peak / 1e9,
        goal / 1e9,
        peak <= goal ? "met" : "NOT met");
  }
}
