package dev.kiln.selftest;

import java.util.List;

/** One check or measurement of a device. */
interface Check {
  /** Returns the name, in a few words. */
  String name();

  /**
   * Runs the check.
   *
   * @return the measurements
   * @throws SkippedException if the machine lacks something that the check needs
   * @throws MismatchException if results of the device differ from the reference
   * @throws Exception if the check cannot be completed, which also fails it
   */
  List<Measurement> run() throws Exception;
}
