package dev.kiln.trace;

import dev.kiln.nativelib.NativeLibrary;

/** Sends ranges to the NVIDIA profiler (Nsight Systems or Nsight Compute) that started Kiln. */
public final class Nvtx implements Trace.Sink {
  private static Boolean attached;

  private Nvtx() {}

  /**
   * Attaches to the profiler that started this process.
   *
   * @return null if there is none
   */
  public static synchronized Nvtx ofThisProcess() {
    if (attached == null) {
      NativeLibrary.KILN.load();
      attached = attach();
    }
    return attached ? new Nvtx() : null;
  }

  /**
   * Sends the ranges of this process to the profiler that started it.
   *
   * @return false if there is none
   */
  public static boolean trace() {
    Nvtx profiler = ofThisProcess();
    Trace.to(profiler);
    return profiler != null;
  }

  @Override
  public void begin(String name) {
    push(name);
  }

  @Override
  public void end() {
    pop();
  }

  private static native boolean attach();

  private static native void push(String name);

  private static native void pop();
}
