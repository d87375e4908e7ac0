package dev.kiln.selftest;

import java.util.List;

/** One thing that is checked or measured on a device. */
interface Check {
  /** What, in a few words. */
  String name();

  /**
   * Checks it.
   *
   * @return what was measured
   * @throws SkippedException if the machine lacks what is needed
   * @throws MismatchException if the device gives something else than the reference
   * @throws Exception if it cannot be done, which fails the check too
   */
  List<Measurement> run() throws Exception;
}
