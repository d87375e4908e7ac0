package dev.kiln.selftest;

import java.util.OptionalDouble;

/** The measured limits of the device; later checks report fractions of them. */
final class DevicePeaks {
  private double copyBytes = Double.NaN;
  private double matrixFlops = Double.NaN;

  /** Returns the bandwidth of a copy within the device in bytes per second, read plus written. */
  OptionalDouble copyBytes() {
    return of(copyBytes);
  }

  void copyBytes(double perSecond) {
    copyBytes = perSecond;
  }

  /** Returns the operations per second of a large bfloat16 matrix product. */
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
