package dev.kiln.picture;

import java.util.Arrays;

/**
 * Colours of vectors: the first principal component is red, the second green, the third blue.
 * Similar vectors have similar colours; what a colour means differs between datasets.
 *
 * <p>Each component is stretched so that the middle 96% of the sample fill its range. A component
 * without variance has the middle of the range.
 */
public final class VectorColors {
  /** Colour of a vector with a value that is not finite: grey. */
  public static final int NOT_FINITE = 0x8c8c8c;

  /** Vectors that the components are computed from. */
  public static final int SAMPLE = 8192;

  private static final double CUT = 0.02;

  /** Darkest and brightest value of a channel. */
  private static final int DARKEST = 24;

  private static final int BRIGHTEST = 244;

  private final PrincipalComponents components;
  private final double[] low = new double[PrincipalComponents.COUNT];
  private final double[] high = new double[PrincipalComponents.COUNT];

  private VectorColors(PrincipalComponents components) {
    this.components = components;
  }

  /** Returns the colours that suit a sample of at least one vector. */
  public static VectorColors of(VectorSample sample, int dim) {
    VectorColors colors =
        new VectorColors(PrincipalComponents.of(sample.values(), sample.count(), dim));
    double[][] coordinates = new double[PrincipalComponents.COUNT][sample.count()];
    double[] point = new double[PrincipalComponents.COUNT];
    for (int i = 0; i < sample.count(); i++) {
      colors.components.project(sample.values(), i * dim, point);
      for (int c = 0; c < point.length; c++) {
        coordinates[c][i] = point[c];
      }
    }
    for (int c = 0; c < point.length; c++) {
      Arrays.sort(coordinates[c]);
      int last = sample.count() - 1;
      colors.low[c] = coordinates[c][(int) Math.floor(last * CUT)];
      colors.high[c] = coordinates[c][(int) Math.ceil(last * (1 - CUT))];
    }
    return colors;
  }

  /** Returns the principal components. */
  public PrincipalComponents components() {
    return components;
  }

  /**
   * Returns the colour of a vector, 8 bits each of red, green and blue from the highest; {@link
   * #NOT_FINITE} if a value is not finite.
   *
   * @param vectors array that contains the vector
   * @param at its first value
   */
  public int rgb(float[] vectors, int at) {
    double[] point = new double[PrincipalComponents.COUNT];
    if (!components.project(vectors, at, point)) {
      return NOT_FINITE;
    }
    int rgb = 0;
    for (int c = 0; c < point.length; c++) {
      double range = high[c] - low[c];
      double share = range > 0 && components.variance(c) > 0 ? (point[c] - low[c]) / range : 0.5;
      double value = DARKEST + Math.min(1, Math.max(0, share)) * (BRIGHTEST - DARKEST);
      rgb = rgb << 8 | (int) Math.round(value);
    }
    return rgb;
  }
}
