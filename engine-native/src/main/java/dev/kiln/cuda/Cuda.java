package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cudart.cudaGetErrorString;
import static org.bytedeco.cuda.global.cudart.cudaGetLastError;
import static org.bytedeco.cuda.global.cudart.cudaSuccess;

import org.bytedeco.javacpp.Pointer;

/** What all calls into the CUDA runtime share. */
final class Cuda {
  private Cuda() {}

  /** A number that CUDA takes for a pointer. */
  static final class Address extends Pointer {
    Address(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }

  /**
   * @param code that a call returned
   * @param call what was called, and for what
   */
  static void check(int code, String call) {
    if (code != cudaSuccess) {
      throw failure(code, call);
    }
  }

  /** The exception for an error code. */
  static CudaException failure(int code, String call) {
    // The runtime would hand the same error to the next call that asks.
    cudaGetLastError();
    return new CudaException(call, code, cudaGetErrorString(code).getString());
  }
}
