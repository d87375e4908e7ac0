package dev.kiln.inspect;

import dev.kiln.sink.Vectors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Statistics of a set of vectors; a cheap check of an embedding run. Norms, mean and deviation
 * cover the vectors whose values are all finite, and are NaN without such a vector.
 *
 * @param count number of vectors
 * @param finite number of vectors whose values are all finite
 * @param dim length of a vector; 0 without vectors
 * @param nan number of values that are NaN
 * @param infinite number of values that are infinite
 * @param minNorm smallest Euclidean norm
 * @param meanNorm mean Euclidean norm
 * @param maxNorm largest Euclidean norm
 * @param mean mean of all values
 * @param deviation standard deviation of all values
 * @param cosines cosine of each pair of the first vectors
 */
public record VectorStatistics(
    long count,
    long finite,
    int dim,
    long nan,
    long infinite,
    double minNorm,
    double meanNorm,
    double maxNorm,
    double mean,
    double deviation,
    List<List<Double>> cosines) {

  /** Number of vectors at the start that are compared with each other. */
  public static final int COMPARED = 5;

  /** Accumulates statistics over batches of vectors, so that a file need not fit in memory. */
  public static final class Accumulator {
    private final List<float[]> first = new ArrayList<>();
    private int dim;
    private long count;
    private long finite;
    private long nan;
    private long infinite;
    private double minNorm = Double.POSITIVE_INFINITY;
    private double maxNorm;
    private double sumNorm;
    private double mean;
    private double squares;

    /** Creates an accumulator without vectors. */
    public Accumulator() {}

    /**
     * Adds vectors.
     *
     * @throws IllegalArgumentException if their length differs from the length of earlier ones
     */
    public void add(Vectors vectors) {
      if (vectors.dim() == 0) {
        return;
      }
      if (dim != 0 && dim != vectors.dim()) {
        throw new IllegalArgumentException(
            "expected vectors of " + dim + " values, found " + vectors.dim());
      }
      dim = vectors.dim();
      for (int at = 0; at < vectors.values().length; at += dim) {
        add(vectors.values(), at);
      }
    }

    private void add(float[] vectors, int at) {
      count++;
      if (first.size() < COMPARED) {
        first.add(Arrays.copyOfRange(vectors, at, at + dim));
      }
      long notFinite = 0;
      double sum = 0;
      double norm2 = 0;
      for (int i = at; i < at + dim; i++) {
        double v = vectors[i];
        nan += Double.isNaN(v) ? 1 : 0;
        infinite += Double.isInfinite(v) ? 1 : 0;
        notFinite += Double.isFinite(v) ? 0 : 1;
        sum += v;
        norm2 += v * v;
      }
      if (notFinite > 0) {
        return;
      }
      double norm = Math.sqrt(norm2);
      minNorm = Math.min(minNorm, norm);
      maxNorm = Math.max(maxNorm, norm);
      sumNorm += norm;
      merge(sum / dim, norm2 - sum * sum / dim);
      finite++;
    }

    /** Merges mean and squared deviations of one vector into the totals (Chan et al., 1979). */
    private void merge(double vectorMean, double vectorSquares) {
      double delta = vectorMean - mean;
      double before = (double) finite * dim;
      mean += delta * dim / (before + dim);
      squares += vectorSquares + delta * delta * before * dim / (before + dim);
    }

    /** Returns the statistics of the vectors added so far. */
    public VectorStatistics statistics() {
      boolean any = finite > 0;
      return new VectorStatistics(
          count,
          finite,
          dim,
          nan,
          infinite,
          any ? minNorm : Double.NaN,
          any ? sumNorm / finite : Double.NaN,
          any ? maxNorm : Double.NaN,
          any ? mean : Double.NaN,
          any ? Math.sqrt(Math.max(0, squares) / ((double) finite * dim)) : Double.NaN,
          first.stream().map(a -> first.stream().map(b -> cosine(a, b)).toList()).toList());
    }

    private static double cosine(float[] a, float[] b) {
      double dot = 0;
      double aa = 0;
      double bb = 0;
      for (int i = 0; i < a.length; i++) {
        dot += (double) a[i] * b[i];
        aa += (double) a[i] * a[i];
        bb += (double) b[i] * b[i];
      }
      return dot / Math.sqrt(aa * bb);
    }
  }
}
