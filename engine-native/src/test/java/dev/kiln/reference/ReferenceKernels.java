package dev.kiln.reference;

import dev.kiln.matmul.PackedMatmul;

/** Operations of a transformer by their definitions, in double precision, for tests. */
public final class ReferenceKernels {
  private ReferenceKernels() {}

  /** Returns the relative L2 error. */
  public static double error(float[] found, double[] expected) {
    double difference = 0;
    double length = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(found[i] - expected[i], 2);
      length += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / length);
  }

  /**
   * Computes {@code epilogue(in · W + bias)}.
   *
   * @param in input rows at the stride of the shape
   * @param weights {@code [inner, columns]}
   * @param bias {@code [columns]}, or null
   * @param previous contents of the output, at the stride of the shape
   * @return the output, with what was between its rows
   */
  public static double[] product(
      PackedMatmul.Shape shape,
      PackedMatmul.Epilogue epilogue,
      float[] in,
      float[] weights,
      float[] bias,
      float[] previous) {
    double[] out = new double[previous.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = previous[i];
    }
    int inStride = Math.toIntExact(shape.inStride());
    int outStride = Math.toIntExact(shape.outStride());
    for (int row = 0; row < shape.rows(); row++) {
      for (int column = 0; column < shape.columns(); column++) {
        double sum = bias == null ? 0 : bias[column];
        for (int k = 0; k < shape.inner(); k++) {
          sum += (double) in[row * inStride + k] * weights[k * shape.columns() + column];
        }
        int at = row * outStride + column;
        out[at] =
            switch (epilogue) {
              case STORE -> sum;
              case GELU -> sum * normalDistribution(sum);
              case ACCUMULATE -> out[at] + sum;
            };
      }
    }
    return out;
  }

  /** Φ(x) by Simpson's rule, apart from any polynomial of the implementations. */
  private static double normalDistribution(double x) {
    int steps = 100;
    double width = x / steps;
    double sum = 0;
    for (int i = 0; i <= steps; i++) {
      double weight = i == 0 || i == steps ? 1 : i % 2 == 0 ? 2 : 4;
      sum += weight * Math.exp(-0.5 * i * width * i * width);
    }
    return 0.5 + sum * width / 3 / Math.sqrt(2 * Math.PI);
  }

  /**
   * Computes attention.
   *
   * @param rows queries, keys and values, {@code heads · headSize} each, consecutive in a row
   * @return {@code [queries, heads · headSize]}
   */
  public static double[] attention(float[] rows, int queries, int keys, int heads, int headSize) {
    int width = heads * headSize;
    double[] out = new double[queries * width];
    double[] share = new double[keys];
    for (int i = 0; i < queries; i++) {
      for (int first = 0; first < width; first += headSize) {
        double highest = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < keys; j++) {
          share[j] = 0;
          for (int k = first; k < first + headSize; k++) {
            share[j] += (double) rows[i * 3 * width + k] * rows[j * 3 * width + width + k];
          }
          highest = Math.max(highest, share[j]);
        }
        double total = 0;
        for (int j = 0; j < keys; j++) {
          share[j] = Math.exp(share[j] - highest);
          total += share[j];
        }
        for (int j = 0; j < keys; j++) {
          for (int k = first; k < first + headSize; k++) {
            out[i * width + k] += share[j] / total * rows[j * 3 * width + 2 * width + k];
          }
        }
      }
    }
    return out;
  }
}
