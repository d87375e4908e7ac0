package dev.kiln.archive;

/**
 * How the metadata of a band convert stored values: {@code value · factor + summand}.
 *
 * @param factor finite, not 0
 * @param summand finite
 */
public record StatedScale(double factor, double summand) {
  /** Returns the conversion as a term. */
  @Override
  public String toString() {
    return "× " + factor + " + " + summand;
  }

  /** {@return factor and summand} */
  public double[] values() {
    return new double[] {factor, summand};
  }
}
