package dev.kiln.nativelib;

/**
 * The OpenMP runtime (GNU's libgomp) that another native library loaded into this process. Unless
 * told otherwise it uses every core of the machine, even where a container allows fewer.
 */
public final class OpenMp {
  private OpenMp() {}

  /**
   * Sets the number of threads of the parallel regions that the calling thread starts, itself
   * included, whatever {@code OMP_DYNAMIC} and {@code OMP_MAX_ACTIVE_LEVELS} are in the
   * environment. Call it after loading the library that uses OpenMP.
   *
   * @param threads at least 1
   * @return the threads that a parallel region has now; fewer if {@code OMP_THREAD_LIMIT} is lower
   * @throws IllegalStateException if the process has loaded no libgomp
   */
  public static int setThreads(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("OpenMP threads: expected at least 1, found " + threads);
    }
    NativeLibrary.KILN.load();
    int found = set(threads);
    if (found == 0) {
      throw new IllegalStateException("OpenMP: libgomp.so.1 is not loaded in this process");
    }
    return found;
  }

  private static native int set(int threads);
}
