package dev.kiln.cuda;

/**
 * Kiln's device code compiled for the host ({@code engine-native/src/test/cpp}). Pointer arguments
 * are host addresses.
 */
final class HostKernels {
  static {
    System.load(System.getProperty("kiln.host-kernels"));
  }

  private HostKernels() {}

  /**
   * Runs a kernel over a grid, as a device would.
   *
   * @return whether there is a kernel of that name
   */
  static native boolean run(
      String kernel, int x, int y, int z, int threads, int shared, long[] arguments);
}
