package dev.kiln.archive;

/**
 * How the metadata of a band convert stored values: {@code value · factor + summand}.
 *
 * @param factor finite, not 0
 * @param summand finite
 */
public record StatedScale(double factor, double summand) {
  /** {@return factor and summand} */
  public double[] values() {
    return new double[] {factor, summand};
  }
}
