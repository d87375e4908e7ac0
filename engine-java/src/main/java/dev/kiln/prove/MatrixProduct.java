package dev.kiln.prove;

import java.util.Optional;

/** A large matrix product of bfloat16 by a library that is tuned for the device. */
interface MatrixProduct {
  /** Who computes it. */
  String name();

  /** Why it cannot be had on this machine; empty if it can. */
  Optional<String> absent();

  /**
   * Median seconds of {@code C = A·B}, random numbers, all three {@code [side, side]}.
   *
   * @param rounds that are timed
   */
  double seconds(int side, int rounds);
}
