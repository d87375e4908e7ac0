package dev.kiln.selftest;

import dev.kiln.infer.Encoder;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares an encoder with committed float32 vectors of a random model. At the size of Clay large
 * it covers the head size, widths and depth that the small models of golden cases do not.
 */
final class ReferenceCheck implements Check {
  private final Candidate candidate;
  private final RandomModel model;

  ReferenceCheck(Candidate candidate, RandomModel model) {
    this.candidate = candidate;
    this.model = model;
  }

  @Override
  public String name() {
    return "%s against random-%s".formatted(candidate.name(), model.architecture().name());
  }

  @Override
  public List<Measurement> run() throws Exception {
    candidate.requireAvailable();
    String size = model.architecture().name();
    int dim = model.architecture().dim();
    float[] expected = ReferenceChips.expected(size);
    float[] found;
    try (Encoder encoder = candidate.open(model.encoder(), ReferenceChips.COUNT)) {
      found = ReferenceChips.encode(encoder);
    }
    double largestError = 0;
    double smallestCosine = 1;
    List<String> wrong = new ArrayList<>();
    for (int i = 0; i < ReferenceChips.COUNT; i++) {
      double error = GoldenCheck.relativeError(found, expected, i, dim);
      double cosine = GoldenCheck.cosine(found, expected, i, dim);
      largestError = Math.max(largestError, error);
      smallestCosine = Math.min(smallestCosine, cosine);
      if (error > candidate.tolerance() || cosine < candidate.minCosine()) {
        wrong.add("chip " + i);
      }
    }
    List<Measurement> measurements =
        List.of(
            Measurement.of("chips", ReferenceChips.COUNT, ""),
            Measurement.of("largest relative error", largestError, "")
                .atMost(candidate.tolerance()),
            Measurement.of("smallest cosine", smallestCosine, "").atLeast(candidate.minCosine()));
    if (!wrong.isEmpty()) {
      throw new MismatchException(
          "exceeds the tolerance: " + String.join("; ", wrong), measurements);
    }
    return measurements;
  }
}
