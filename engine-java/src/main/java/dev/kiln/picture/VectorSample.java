package dev.kiln.picture;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A uniform sample of a stream of vectors, in memory that does not depend on its length (reservoir
 * sampling). The same stream gives the same sample. Vectors with values that are not finite are
 * left out.
 */
public final class VectorSample {
  private final int limit;
  private final int dim;
  private final SplittableRandom random = new SplittableRandom(1);
  private float[] values;
  private int count;
  private long seen;

  /**
   * Creates an empty sample.
   *
   * @param limit most vectors in the sample
   * @param dim length of a vector
   */
  public VectorSample(int limit, int dim) {
    this.limit = limit;
    this.dim = dim;
    this.values = new float[Math.min(limit, 256) * dim];
  }

  /**
   * Offers a vector.
   *
   * @param vectors array that contains the vector; copied
   * @param at its first value
   */
  public void offer(float[] vectors, int at) {
    float all = 0;
    for (int j = at; j < at + dim; j++) {
      all += vectors[j] * 0;
    }
    if (all != 0) {
      return;
    }
    long place = count < limit ? count++ : random.nextLong(seen + 1);
    seen++;
    if (place >= limit) {
      return;
    }
    if ((int) place * dim == values.length) {
      values = Arrays.copyOf(values, Math.min(limit * dim, 2 * values.length));
    }
    System.arraycopy(vectors, at, values, (int) place * dim, dim);
  }

  /** Returns the number of vectors in the sample. */
  public int count() {
    return count;
  }

  /** Returns the sample, {@code [count, dim]} row-major. Borrowed; its end can be unused. */
  public float[] values() {
    return values;
  }
}
