package dev.kiln.search;

import dev.kiln.dataset.RowRef;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What is searched for: one vector of length 1, combined from examples. With {@code p} the examples
 * to resemble and {@code n} those to differ from, each divided by its norm, the vector is
 *
 * <pre>  mean(p) − ½ · mean(n)</pre>
 *
 * <p>divided by its norm: Rocchio's formula.
 *
 * @param vector {@code [dim]}, of length 1
 * @param chips rows of the examples; a search leaves them out of its result
 */
public record Query(float[] vector, Set<RowRef> chips) {
  private static final double NEGATIVE_WEIGHT = 0.5;

  /** Copies the rows. */
  public Query {
    chips = Set.copyOf(chips);
  }

  /** Returns a query for vectors like one. */
  public static Query of(float[] vector) {
    return builder().positive("the query", vector).build();
  }

  /** Returns a builder without examples. */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link Query}; at least one example to resemble is required. */
  public static final class Builder {
    private final List<float[]> positives = new ArrayList<>();
    private final List<float[]> negatives = new ArrayList<>();
    private final Set<RowRef> chips = new HashSet<>();
    private String first;

    private Builder() {}

    /**
     * Adds an example to resemble.
     *
     * @param name of the example, for messages
     * @throws ConfigurationException if it is zero or not finite, or its length differs
     */
    public Builder positive(String name, float[] vector) {
      positives.add(unit(name, vector));
      return this;
    }

    /**
     * Adds an example to differ from.
     *
     * @param name of the example, for messages
     * @throws ConfigurationException if it is zero or not finite, or its length differs
     */
    public Builder negative(String name, float[] vector) {
      negatives.add(unit(name, vector));
      return this;
    }

    /** Leaves a row out of the result. */
    public Builder without(RowRef row) {
      chips.add(row);
      return this;
    }

    private float[] unit(String name, float[] vector) {
      List<float[]> all = positives.isEmpty() ? negatives : positives;
      if (!all.isEmpty() && all.get(0).length != vector.length) {
        throw new ConfigurationException(
            Mismatch.of(
                name, all.get(0).length + " values, as in " + first, vector.length + " values"));
      }
      if (all.isEmpty()) {
        first = name;
      }
      return normalised(name, vector);
    }

    /**
     * Returns the query.
     *
     * @throws ConfigurationException if there is no example to resemble, or the examples cancel
     *     each other
     */
    public Query build() {
      if (positives.isEmpty()) {
        throw new ConfigurationException(
            Mismatch.of("query", "at least one example to resemble", "none"));
      }
      double[] sum = new double[positives.get(0).length];
      add(sum, positives, 1.0);
      add(sum, negatives, -NEGATIVE_WEIGHT);
      float[] combined = new float[sum.length];
      for (int i = 0; i < sum.length; i++) {
        combined[i] = (float) sum[i];
      }
      return new Query(normalised("combined examples", combined), chips);
    }

    private static void add(double[] sum, List<float[]> vectors, double weight) {
      for (float[] vector : vectors) {
        for (int i = 0; i < sum.length; i++) {
          sum[i] += weight / vectors.size() * vector[i];
        }
      }
    }
  }

  private static float[] normalised(String name, float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    double norm = Math.sqrt(squares);
    if (!(norm > 1e-12) || Double.isInfinite(norm)) {
      throw new ConfigurationException(
          Mismatch.of(name, "a vector with finite values, not all 0", "a norm of " + norm));
    }
    float[] unit = new float[vector.length];
    for (int i = 0; i < vector.length; i++) {
      unit[i] = (float) (vector[i] / norm);
    }
    return unit;
  }
}
