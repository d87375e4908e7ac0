package dev.kiln.selftest;

import java.util.OptionalDouble;

/** What the device can do at most, as far as it was measured: later checks are shares of it. */
final class DevicePeaks {
  private double copyBytes = Double.NaN;
  private double matrixFlops = Double.NaN;

  /** Bytes a second, read and written, of a copy within the device. */
  OptionalDouble copyBytes() {
    return of(copyBytes);
  }

  void copyBytes(double perSecond) {
    copyBytes = perSecond;
  }

  /** Operations a second of a large matrix product of bfloat16. */
  OptionalDouble matrixFlops() {
    return of(matrixFlops);
  }

  void matrixFlops(double perSecond) {
    matrixFlops = perSecond;
  }

  private static OptionalDouble of(double value) {
    return Double.isNaN(value) ? OptionalDouble.empty() : OptionalDouble.of(value);
  }
}
