package org.bytedeco.opencl.presets;

/**
 * Stands in for JavaCPP's binding of OpenCL, whose version that oneDNN's binding names was never
 * published. That binding asks for this class when it loads and calls nothing of it on a CPU; being
 * empty, this one loads no library.
 */
public final class OpenCL {
  private OpenCL() {}
}
