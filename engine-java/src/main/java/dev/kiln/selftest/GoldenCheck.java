package dev.kiln.selftest;

import dev.kiln.infer.Encoder;
import dev.kiln.model.ModelDirectory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares an encoder with the embeddings of the published encoder, for raw chips of all platforms.
 */
final class GoldenCheck implements Check {
  private final Candidate candidate;
  private final GoldenSet set;
  private final Path work;

  /**
   * Creates the check.
   *
   * @param work directory for the exported model
   */
  GoldenCheck(Candidate candidate, GoldenSet set, Path work) {
    this.candidate = candidate;
    this.set = set;
    this.work = work;
  }

  @Override
  public String name() {
    return "%s against %s".formatted(candidate.name(), set.name());
  }

  @Override
  public List<Measurement> run() throws Exception {
    candidate.requireAvailable();
    ModelDirectory model = set.model(work);
    double worst = 0;
    double leastCosine = 1;
    int chips = 0;
    List<String> wrong = new ArrayList<>();
    for (GoldenCase golden : set.cases()) {
      float[] found;
      try (Encoder encoder =
          candidate.open(model.encoder(golden.platform(), golden.chip()), golden.count())) {
        found = golden.encode(encoder.newSlot(), encoder.hostMemory());
      }
      for (int i = 0; i < golden.count(); i++) {
        double error = relativeError(found, golden.embeddings().values(), i, golden.dim());
        double cosine = cosine(found, golden.embeddings().values(), i, golden.dim());
        worst = Math.max(worst, error);
        leastCosine = Math.min(leastCosine, cosine);
        if (error > candidate.tolerance() || cosine < candidate.minCosine()) {
          wrong.add(golden.name() + ", chip " + i);
        }
        chips++;
      }
    }
    List<Measurement> measurements =
        List.of(
            Measurement.of("chips", chips, ""),
            Measurement.of("largest relative error", worst, "").atMost(candidate.tolerance()),
            Measurement.of("least cosine", leastCosine, "").atLeast(candidate.minCosine()));
    if (!wrong.isEmpty()) {
      throw new MismatchException(
          "exceeds the tolerance: " + String.join("; ", wrong), measurements);
    }
    return measurements;
  }

  /** Returns {@code ‖found − expected‖ / ‖expected‖} of one embedding; infinite instead of NaN. */
  static double relativeError(float[] found, float[] expected, int index, int dim) {
    double difference = 0;
    double size = 0;
    for (int i = index * dim; i < (index + 1) * dim; i++) {
      double d = (double) found[i] - expected[i];
      difference += d * d;
      size += (double) expected[i] * expected[i];
    }
    double error = Math.sqrt(difference / size);
    return Double.isNaN(error) ? Double.POSITIVE_INFINITY : error;
  }

  /** Returns the cosine of the angle between two embeddings; -1 instead of NaN. */
  static double cosine(float[] found, float[] expected, int index, int dim) {
    double dot = 0;
    double one = 0;
    double two = 0;
    for (int i = index * dim; i < (index + 1) * dim; i++) {
      dot += (double) found[i] * expected[i];
      one += (double) found[i] * found[i];
      two += (double) expected[i] * expected[i];
    }
    double cosine = dot / Math.sqrt(one * two);
    return Double.isNaN(cosine) ? -1 : cosine;
  }
}
