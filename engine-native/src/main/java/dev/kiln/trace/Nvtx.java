package dev.kiln.trace;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * NVIDIA's profilers as takers of ranges: Nsight Systems and Nsight Compute, which start Kiln and
 * put a library of theirs into it.
 */
@Platform(library = "jninvtx")
public final class Nvtx implements Trace.Sink {
  private static Boolean attached;

  private Nvtx() {}

  /**
   * Meets the profiler that this process was started by.
   *
   * @return null if there is none
   */
  public static synchronized Nvtx ofThisProcess() {
    if (attached == null) {
      Loader.load(Nvtx.class);
      attached = attach();
    }
    return attached ? new Nvtx() : null;
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
