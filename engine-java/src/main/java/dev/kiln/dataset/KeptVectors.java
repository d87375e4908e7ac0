package dev.kiln.dataset;

import dev.kiln.sink.VectorCursor;
import dev.kiln.vector.NativeVectors;
import java.util.Arrays;

/**
 * The vectors of those rows that are kept.
 *
 * @param values {@code [kept, dim]}, row-major, all finite
 * @param norms Euclidean norm of each vector
 * @param notFinite number of rows that were dropped
 */
record KeptVectors(float[] values, float[] norms, int notFinite) {

  /**
   * Reads the vectors of the next rows and drops rows whose vector is missing or not finite.
   *
   * @param keep which of the rows are wanted; changed to those that are kept
   */
  static KeptVectors read(VectorCursor vectors, boolean[] keep) {
    int wanted = 0;
    for (boolean k : keep) {
      wanted += k ? 1 : 0;
    }
    int dim = vectors.dim();
    float[] values = new float[Math.multiplyExact(wanted, dim)];
    readRuns(vectors, keep, values);
    float[] norms = new float[wanted];
    if (dim > 0) {
      NativeVectors.norms(values, wanted, dim, norms);
    } else {
      Arrays.fill(norms, Float.NaN);
    }
    int kept = 0;
    for (int i = 0, at = 0; i < keep.length; i++) {
      if (!keep[i]) {
        continue;
      }
      keep[i] = Float.isFinite(norms[at]);
      if (keep[i]) {
        if (kept < at) {
          System.arraycopy(values, at * dim, values, kept * dim, dim);
          norms[kept] = norms[at];
        }
        kept++;
      }
      at++;
    }
    return kept == wanted
        ? new KeptVectors(values, norms, 0)
        : new KeptVectors(
            Arrays.copyOf(values, kept * dim), Arrays.copyOf(norms, kept), wanted - kept);
  }

  /** Reads the vectors of wanted rows, one after the other. */
  private static void readRuns(VectorCursor vectors, boolean[] keep, float[] values) {
    int at = 0;
    for (int i = 0; i < keep.length; ) {
      int end = i;
      while (end < keep.length && keep[end] == keep[i]) {
        end++;
      }
      if (keep[i]) {
        vectors.read(values, at, end - i);
        at += end - i;
      } else {
        vectors.skip(end - i);
      }
      i = end;
    }
  }
}
