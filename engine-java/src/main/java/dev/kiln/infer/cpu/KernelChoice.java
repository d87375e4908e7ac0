package dev.kiln.infer.cpu;

import dev.kiln.error.ConfigurationException;
import java.util.Locale;

/** Who decides between Kiln's kernels and oneDNN's. */
enum KernelChoice {
  /** What was measured, or a trial at the start. */
  AUTO,
  /** All operations are oneDNN's. */
  ONEDNN,
  /** All operations are Kiln's, where the CPU has their instructions. */
  KILN;

  /** System property with a name. */
  static final String PROPERTY = "kiln.cpu.kernels";

  /** Returns the choice of this process. */
  static KernelChoice ofProcess() {
    return of(System.getProperty(PROPERTY, "auto"));
  }

  /**
   * Returns the choice of a name.
   *
   * @throws ConfigurationException if there is none
   */
  static KernelChoice of(String name) {
    try {
      return valueOf(name.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(
          "-D%s: expected auto, onednn or kiln, found %s".formatted(PROPERTY, name), e);
    }
  }
}
