package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cudart.cudaFuncAttributeMaxDynamicSharedMemorySize;
import static org.bytedeco.cuda.global.cudart.cudaFuncSetAttribute;
import static org.bytedeco.cuda.global.cudart.cudaLibraryGetKernel;
import static org.bytedeco.cuda.global.cudart.cudaLibraryLoadData;
import static org.bytedeco.cuda.global.cudart.cudaLibraryUnload;

import org.bytedeco.cuda.cudart.CUkern_st;
import org.bytedeco.cuda.cudart.CUlib_st;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** A {@code cudaLibrary_t}. */
final class CudaModule implements GpuModule {
  private final String name;
  private final CudaGpu gpu;
  private final CUlib_st library = new CUlib_st();
  private boolean closed;

  CudaModule(String name, byte[] cubin, CudaGpu gpu) {
    this.name = name;
    this.gpu = gpu;
    try (BytePointer code = new BytePointer(cubin)) {
      Cuda.check(
          cudaLibraryLoadData(
              library, code, (int[]) null, (Pointer) null, 0, (int[]) null, (Pointer) null, 0),
          "cudaLibraryLoadData of " + name);
    }
  }

  @Override
  public synchronized GpuKernel kernel(String function) {
    requireOpen();
    CUkern_st kernel = new CUkern_st();
    Cuda.check(
        cudaLibraryGetKernel(kernel, library, function),
        "cudaLibraryGetKernel of " + name + "." + function);
    return new Kernel(function, kernel);
  }

  private synchronized void requireOpen() {
    if (closed) {
      throw new IllegalStateException("device code " + name + ": used after close");
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      gpu.closed(this);
      Cuda.check(cudaLibraryUnload(library), "cudaLibraryUnload of " + name);
    }
  }

  /** A {@code cudaKernel_t}. */
  final class Kernel implements GpuKernel {
    private final String function;
    private final CUkern_st kernel;

    private Kernel(String function, CUkern_st kernel) {
      this.function = function;
      this.kernel = kernel;
    }

    CUkern_st handle() {
      requireOpen();
      return kernel;
    }

    @Override
    public String name() {
      return function;
    }

    @Override
    public void allowSharedMemory(int bytes) {
      Cuda.check(
          cudaFuncSetAttribute(handle(), cudaFuncAttributeMaxDynamicSharedMemorySize, bytes),
          "cudaFuncSetAttribute of %s for %d bytes of shared memory".formatted(function, bytes));
    }
  }
}
