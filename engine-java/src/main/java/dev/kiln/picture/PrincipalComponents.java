package dev.kiln.picture;

import java.util.Arrays;
import java.util.Random;

/**
 * The three directions in which vectors vary most: principal components, by subspace iteration with
 * a Rayleigh–Ritz step (Halko, Martinsson and Tropp, 2011). The same vectors give the same bits.
 *
 * <p>Components are sorted by variance, largest first. The sign of each is such that its value of
 * the largest magnitude is positive.
 */
public final class PrincipalComponents {
  /** Number of components. */
  public static final int COUNT = 3;

  /** Directions that are iterated in addition, which speeds up convergence. */
  private static final int EXTRA = 5;

  private static final int MOST_ITERATIONS = 100;

  /** Largest change of a direction, in its squared sine, that counts as converged. */
  private static final double CONVERGED = 1e-10;

  /** Variance relative to the largest below which a direction is rounding noise. */
  private static final double NOISE = 1e-10;

  private final double[] mean;
  private final double[][] axes;
  private final double[] variances;

  private PrincipalComponents(double[] mean, double[][] axes, double[] variances) {
    this.mean = mean;
    this.axes = axes;
    this.variances = variances;
  }

  /**
   * Computes the components of vectors.
   *
   * @param vectors {@code [count, dim]}, row-major, all finite
   * @param count number of vectors, at least 1
   * @param dim length of a vector, at least 1
   */
  public static PrincipalComponents of(float[] vectors, int count, int dim) {
    if (count < 1 || dim < 1 || (long) count * dim > vectors.length) {
      throw new IllegalArgumentException(
          "expected at least one vector, found %d of %d values".formatted(count, dim));
    }
    double[] mean = new double[dim];
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < dim; j++) {
        mean[j] += vectors[i * dim + j];
      }
    }
    for (int j = 0; j < dim; j++) {
      mean[j] /= count;
    }
    float[] centred = new float[count * dim];
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < dim; j++) {
        centred[i * dim + j] = (float) (vectors[i * dim + j] - mean[j]);
      }
    }
    int width = Math.min(COUNT + EXTRA, dim);
    double[][] basis = randomBasis(width, dim);
    double[] values = new double[width];
    for (int iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
      double[][] image = covarianceTimes(centred, count, dim, basis);
      orthonormalise(image);
      double[][] rotated = new double[width][];
      values = ritz(covarianceTimes(centred, count, dim, image), image, rotated);
      double change = 0;
      for (int c = 0; c < Math.min(COUNT, width); c++) {
        if (values[c] > NOISE * values[0]) {
          double cosine = dot(rotated[c], basis[c]);
          change = Math.max(change, 1 - cosine * cosine);
        }
      }
      basis = rotated;
      if (change < CONVERGED) {
        break;
      }
    }
    double[][] axes = new double[COUNT][dim];
    double[] variances = new double[COUNT];
    for (int c = 0; c < Math.min(COUNT, width); c++) {
      if (values[c] > 0 && values[c] > NOISE * values[0]) {
        axes[c] = positive(basis[c]);
        variances[c] = values[c];
      }
    }
    return new PrincipalComponents(mean, axes, variances);
  }

  private static double[][] randomBasis(int width, int dim) {
    Random random = new Random(1);
    double[][] basis = new double[width][dim];
    for (double[] axis : basis) {
      for (int j = 0; j < dim; j++) {
        axis[j] = random.nextGaussian();
      }
    }
    orthonormalise(basis);
    return basis;
  }

  /** Returns the product of the covariance matrix with each direction. */
  private static double[][] covarianceTimes(
      float[] centred, int count, int dim, double[][] directions) {
    int width = directions.length;
    double[][] product = new double[width][dim];
    double[] row = new double[dim];
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < dim; j++) {
        row[j] = centred[i * dim + j];
      }
      for (int c = 0; c < width; c++) {
        double projection = dot(row, directions[c]) / count;
        double[] sum = product[c];
        for (int j = 0; j < dim; j++) {
          sum[j] += projection * row[j];
        }
      }
    }
    return product;
  }

  /** Makes directions orthonormal in place, by two rounds of Gram and Schmidt's method. */
  private static void orthonormalise(double[][] directions) {
    for (int c = 0; c < directions.length; c++) {
      double[] axis = directions[c];
      double before = Math.sqrt(dot(axis, axis));
      for (int round = 0; round < 2; round++) {
        for (int other = 0; other < c; other++) {
          double projection = dot(axis, directions[other]);
          for (int j = 0; j < axis.length; j++) {
            axis[j] -= projection * directions[other][j];
          }
        }
      }
      double norm = Math.sqrt(dot(axis, axis));
      // A direction that depends on the earlier ones is left out: it has no variance.
      double scale = norm > 1e-12 * before && norm > 0 ? 1 / norm : 0;
      for (int j = 0; j < axis.length; j++) {
        axis[j] *= scale;
      }
    }
  }

  /**
   * Rotates an orthonormal basis to the principal axes of the covariance within it.
   *
   * @param image covariance times each direction of the basis
   * @param rotated receives the axes
   * @return the variances, descending
   */
  private static double[] ritz(double[][] image, double[][] basis, double[][] rotated) {
    int width = basis.length;
    double[][] small = new double[width][width];
    for (int a = 0; a < width; a++) {
      for (int b = 0; b < width; b++) {
        small[a][b] = (dot(basis[a], image[b]) + dot(basis[b], image[a])) / 2;
      }
    }
    double[][] rotation = jacobi(small);
    Integer[] order = new Integer[width];
    for (int c = 0; c < width; c++) {
      order[c] = c;
    }
    Arrays.sort(order, (a, b) -> Double.compare(small[b][b], small[a][a]));
    double[] values = new double[width];
    for (int c = 0; c < width; c++) {
      values[c] = small[order[c]][order[c]];
      double[] axis = new double[basis[0].length];
      for (int a = 0; a < width; a++) {
        for (int j = 0; j < axis.length; j++) {
          axis[j] += rotation[a][order[c]] * basis[a][j];
        }
      }
      rotated[c] = axis;
    }
    return values;
  }

  /** Diagonalises a small symmetric matrix in place by Jacobi's method; returns the rotation. */
  private static double[][] jacobi(double[][] m) {
    int n = m.length;
    double[][] rotation = new double[n][n];
    for (int i = 0; i < n; i++) {
      rotation[i][i] = 1;
    }
    for (int sweep = 0; sweep < 30; sweep++) {
      for (int p = 0; p < n; p++) {
        for (int q = p + 1; q < n; q++) {
          if (m[p][q] != 0) {
            double theta = Math.atan2(2 * m[p][q], m[q][q] - m[p][p]) / 2;
            rotate(m, rotation, p, q, Math.cos(theta), Math.sin(theta));
          }
        }
      }
    }
    return rotation;
  }

  private static void rotate(double[][] m, double[][] rotation, int p, int q, double c, double s) {
    int n = m.length;
    for (int i = 0; i < n; i++) {
      double ip = m[i][p];
      double iq = m[i][q];
      m[i][p] = c * ip - s * iq;
      m[i][q] = s * ip + c * iq;
    }
    for (int i = 0; i < n; i++) {
      double pi = m[p][i];
      double qi = m[q][i];
      m[p][i] = c * pi - s * qi;
      m[q][i] = s * pi + c * qi;
    }
    for (int i = 0; i < n; i++) {
      double ip = rotation[i][p];
      double iq = rotation[i][q];
      rotation[i][p] = c * ip - s * iq;
      rotation[i][q] = s * ip + c * iq;
    }
  }

  private static double[] positive(double[] axis) {
    int largest = 0;
    for (int j = 1; j < axis.length; j++) {
      // Values that differ by rounding only must not change the choice.
      if (Math.abs(axis[j]) > Math.abs(axis[largest]) * (1 + 1e-6)) {
        largest = j;
      }
    }
    if (axis[largest] < 0) {
      for (int j = 0; j < axis.length; j++) {
        axis[j] = -axis[j];
      }
    }
    return axis;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int j = 0; j < a.length; j++) {
      sum += a[j] * b[j];
    }
    return sum;
  }

  /** Returns the length of a vector. */
  public int dim() {
    return mean.length;
  }

  /** Returns the variance along a component, from 0; 0 if the vectors vary in fewer directions. */
  public double variance(int component) {
    return variances[component];
  }

  /** Returns a copy of a component, {@code [dim]}; zeros if the vectors do not vary in it. */
  public double[] axis(int component) {
    return axes[component].clone();
  }

  /**
   * Computes the coordinates of a vector, relative to the mean.
   *
   * @param vectors array that contains the vector
   * @param at its first value
   * @param into receives {@code [COUNT]}
   * @return whether all values of the vector are finite; otherwise {@code into} is undefined
   */
  public boolean project(float[] vectors, int at, double[] into) {
    for (int c = 0; c < COUNT; c++) {
      double[] axis = axes[c];
      double sum = 0;
      for (int j = 0; j < axis.length; j++) {
        sum += (vectors[at + j] - mean[j]) * axis[j];
      }
      into[c] = sum;
    }
    // A value that is not finite makes every sum not finite, unless its weights are 0.
    double all = 0;
    for (int j = 0; j < mean.length; j++) {
      all += vectors[at + j] * 0;
    }
    return all == 0;
  }
}
