package dev.kiln.nativelib;

/**
 * The OpenMP runtime (GNU's libgomp) that another native library loaded into this process. Unless
 * told otherwise it uses every core of the machine, even where a container allows fewer.
 */
public final class OpenMp {
  private OpenMp() {}

  /**
   * Sets the number of threads of the parallel regions that the calling thread starts, itself
   * included. Call it after loading the library that uses OpenMP.
   *
   * @param threads at least 1
   * @throws IllegalStateException if the process has loaded no libgomp
   */
  public static void setThreads(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("OpenMP threads: expected at least 1, found " + threads);
    }
    NativeLibrary.KILN.load();
    if (!set(threads)) {
      throw new IllegalStateException("OpenMP: libgomp.so.1 is not loaded in this process");
    }
  }

  private static native boolean set(int threads);
}
