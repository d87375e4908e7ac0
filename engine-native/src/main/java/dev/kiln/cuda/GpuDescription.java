package dev.kiln.cuda;

import java.util.Locale;

/**
 * What a device is.
 *
 * @param name NVIDIA's, as in "NVIDIA H100 80GB HBM3"
 * @param major of its compute capability
 * @param minor of its compute capability
 * @param memory bytes in all
 * @param multiprocessors streaming multiprocessors
 * @param driver newest CUDA that the driver speaks, as in 13000 for 13.0
 * @param runtime CUDA of the runtime library, likewise
 */
public record GpuDescription(
    String name, int major, int minor, long memory, int multiprocessors, int driver, int runtime) {

  /** The architecture as compilers name it: "sm_90". */
  public String architecture() {
    return "sm_" + major + minor;
  }

  /** A CUDA version in words: 13000 is "13.0". */
  public static String version(int number) {
    return number / 1000 + "." + number % 1000 / 10;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s (%s, %.0f GB, driver for CUDA %s, runtime %s)",
        name,
        architecture(),
        memory / 1e9,
        version(driver),
        version(runtime));
  }
}
