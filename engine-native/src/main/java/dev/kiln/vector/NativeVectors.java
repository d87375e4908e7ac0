package dev.kiln.vector;

import dev.kiln.nativelib.FloatInstructions;
import dev.kiln.nativelib.NativeLibrary;
import java.nio.ByteBuffer;

/**
 * Norms and dot products of float32 vectors in SIMD, in Kiln's own native code.
 *
 * <p>Sums are in float32, in an order that depends on the length of a vector only. The result has
 * the same bytes on every CPU and for any number of rows per call.
 */
public final class NativeVectors {
  private NativeVectors() {}

  /**
   * Computes the Euclidean norm of each vector.
   *
   * @param vectors {@code [rows, dim]}, row-major
   * @param rows number of vectors
   * @param dim length of a vector
   * @param norms receives {@code [rows]}; not finite for a vector with a value that is not
   */
  public static void norms(float[] vectors, int rows, int dim, float[] norms) {
    compute(vectors, rows, dim, null, null, norms, FloatInstructions.fastest());
  }

  /**
   * Computes the dot product of each vector with a query.
   *
   * @param vectors {@code [rows, dim]}, row-major
   * @param rows number of vectors
   * @param dim length of a vector
   * @param query {@code [dim]}
   * @param dots receives {@code [rows]}
   */
  public static void dots(float[] vectors, int rows, int dim, float[] query, float[] dots) {
    compute(vectors, rows, dim, query, dots, null, FloatInstructions.fastest());
  }

  /**
   * Computes the dot product of each vector with a query, and its norm.
   *
   * @param vectors {@code [rows, dim]}, row-major
   * @param rows number of vectors
   * @param dim length of a vector
   * @param query {@code [dim]}
   * @param dots receives {@code [rows]}
   * @param norms receives {@code [rows]}
   */
  public static void dotsAndNorms(
      float[] vectors, int rows, int dim, float[] query, float[] dots, float[] norms) {
    compute(vectors, rows, dim, query, dots, norms, FloatInstructions.fastest());
  }

  /**
   * Computes dot products and norms in one pass over the vectors.
   *
   * @param vectors {@code [rows, dim]}, row-major
   * @param rows number of vectors
   * @param dim length of a vector
   * @param query {@code [dim]}; null without dots
   * @param dots receives {@code [rows]}; null to compute norms only
   * @param norms receives {@code [rows]}; null to compute dot products only
   * @param instructions implementation
   * @throws IllegalArgumentException if an array is too short
   * @throws IllegalStateException if the CPU lacks the instructions
   */
  public static void compute(
      float[] vectors,
      int rows,
      int dim,
      float[] query,
      float[] dots,
      float[] norms,
      FloatInstructions instructions) {
    NativeLibrary.KILN.load();
    if (rows < 0 || dim < 1 || (long) rows * dim > vectors.length) {
      throw new IllegalArgumentException(
          "vectors: expected at least %d x %d values, found %d"
              .formatted(rows, dim, vectors.length));
    }
    if ((query == null) != (dots == null) || query != null && query.length != dim) {
      throw new IllegalArgumentException(
          "query: expected %d values and an array of dot products, found %s"
              .formatted(dim, query == null ? "no query" : query.length + " values"));
    }
    if (dots != null && dots.length < rows || norms != null && norms.length < rows) {
      throw new IllegalArgumentException(
          "results: expected arrays of at least %d values, found a shorter one".formatted(rows));
    }
    if (rows > 0 && !products(vectors, rows, dim, query, dots, norms, instructions.code())) {
      throw new IllegalStateException(
          "instructions: expected those of this CPU, up to %s, found %s"
              .formatted(FloatInstructions.fastest(), instructions));
    }
  }

  /** Returns the address of a direct buffer. */
  static native long addressOf(ByteBuffer buffer);

  /** Returns the dot product of two vectors of signed bytes. */
  static native int product(long a, long b, int dim);

  private static native boolean products(
      float[] vectors, int rows, int dim, float[] query, float[] dots, float[] norms, int isa);
}
