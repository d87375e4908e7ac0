package dev.kiln.cuda;

/**
 * Kiln's device code compiled for the processor ({@code engine-native/src/test/cpp}). The pointers
 * are those that the kernels take.
 */
final class HostKernels {
  static {
    System.load(System.getProperty("kiln.host-kernels"));
  }

  private HostKernels() {}

  static native void patchesBf16(long planes, int bands, int chip, int size, long out);

  static native void patchesFp16(long planes, int bands, int chip, int size, long out);

  static native void patchesFp32(long planes, int bands, int chip, int size, long out);

  /**
   * Runs a kernel of the forward pass over a grid, as a device would.
   *
   * @param head numbers of one head: 16, 48 or 64
   * @return whether there is a kernel of that name
   */
  static native boolean run(
      int head, String kernel, int x, int y, int z, int threads, int shared, long[] arguments);
}
