package dev.kiln.platform;

import com.fasterxml.jackson.annotation.JsonIgnore;

/**
 * How stored values become those that a band's statistics describe: {@code stored · scale +
 * offset}.
 *
 * @param scale finite, not 0
 * @param offset finite
 */
public record BandScale(double scale, double offset) {
  /** Conversion that changes nothing: stored values are those of the statistics. */
  public static final BandScale STORED = new BandScale(1, 0);

  /** {@return scale and offset} */
  public double[] values() {
    return new double[] {scale, offset};
  }

  /** {@return whether both are numbers with which values can be converted} */
  @JsonIgnore
  public boolean isPossible() {
    return Double.isFinite(scale) && scale != 0 && Double.isFinite(offset);
  }
}
