package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cudart.cudaGetErrorString;
import static org.bytedeco.cuda.global.cudart.cudaGetLastError;
import static org.bytedeco.cuda.global.cudart.cudaSuccess;

import org.bytedeco.javacpp.Pointer;

/** Error handling of calls into the CUDA runtime. */
final class Cuda {
  private Cuda() {}

  /** Returns an address as a pointer. */
  static final class Address extends Pointer {
    Address(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }

  /**
   * Throws if a call failed.
   *
   * @param code that the call returned
   * @param call name of the function and its purpose
   */
  static void check(int code, String call) {
    if (code != cudaSuccess) {
      throw failure(code, call);
    }
  }

  /** Returns the exception for an error code. */
  static CudaException failure(int code, String call) {
    // Clears the error, which the runtime would report again.
    cudaGetLastError();
    return new CudaException(call, code, cudaGetErrorString(code).getString());
  }
}
