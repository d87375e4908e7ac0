package dev.kiln.nativelib;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * The OpenMP runtime (GNU's libgomp) that a native library of this process brought along. Left
 * alone it takes every processor of the machine, also where a container allows only some.
 */
@Platform(library = "jniopenmp")
public final class OpenMp {
  static {
    Loader.load(OpenMp.class);
  }

  private OpenMp() {}

  /**
   * Sets how many threads share the parallel regions that the calling thread starts, itself among
   * them. To be called after the library that uses OpenMP is loaded.
   *
   * @param threads at least 1
   * @throws IllegalStateException if the process has loaded no libgomp
   */
  public static void setThreads(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException(threads + " threads, at least 1 expected");
    }
    if (!set(threads)) {
      throw new IllegalStateException("OpenMP: libgomp.so.1 is not loaded in this process");
    }
  }

  private static native boolean set(int threads);
}
