package dev.kiln.selftest;

import dev.kiln.model.Architecture;
import java.util.Optional;
import java.util.OptionalDouble;

/** The measured limits of the device; later checks report fractions of them. */
final class DevicePeaks {
  private double copyBytes = Double.NaN;
  private double matrixFlops = Double.NaN;
  private final Optional<Peers> peers;

  /**
   * Creates peaks that are not measured yet.
   *
   * @param peers results of PyTorch on the same device
   */
  DevicePeaks(Optional<Peers> peers) {
    this.peers = peers;
  }

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

  /** Returns the results of PyTorch with a model of this architecture. */
  Optional<Peers> peers(Architecture model) {
    return peers.filter(measured -> measured.model().equals(model.name()));
  }

  private static OptionalDouble of(double value) {
    return Double.isNaN(value) ? OptionalDouble.empty() : OptionalDouble.of(value);
  }
}
