package dev.kiln.cuda;

import java.util.Locale;

/**
 * Properties of a device.
 *
 * @param name NVIDIA's name, as in "NVIDIA H100 80GB HBM3"
 * @param major major version of the compute capability
 * @param minor minor version of the compute capability
 * @param memory total device memory in bytes
 * @param multiprocessors number of streaming multiprocessors
 * @param driver newest CUDA version that the driver supports, as in 13000 for 13.0
 * @param runtime CUDA version of the runtime library, in the same form
 */
public record GpuDescription(
    String name, int major, int minor, long memory, int multiprocessors, int driver, int runtime) {

  /** Returns the architecture as compilers name it: "sm_90". */
  public String architecture() {
    return architecture(major, minor);
  }

  static String architecture(int major, int minor) {
    return "sm_" + major + minor;
  }

  /** Formats a CUDA version: 13000 is "13.0". */
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
