package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cublas.CUBLAS_COMPUTE_32F;
import static org.bytedeco.cuda.global.cublas.CUBLAS_GEMM_DEFAULT;
import static org.bytedeco.cuda.global.cublas.CUBLAS_OP_N;
import static org.bytedeco.cuda.global.cublas.cublasCreate_v2;
import static org.bytedeco.cuda.global.cublas.cublasDestroy_v2;
import static org.bytedeco.cuda.global.cublas.cublasGemmEx;
import static org.bytedeco.cuda.global.cublas.cublasGetStatusString;
import static org.bytedeco.cuda.global.cublas.cublasSetStream_v2;
import static org.bytedeco.cuda.global.cudart.CUDA_R_16BF;

import dev.kiln.cuda.Cuda.Address;
import org.bytedeco.cuda.cublas.cublasContext;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.FloatPointer;

/** NVIDIA's library of matrix products, cuBLAS. Not safe for concurrent use. */
public final class Cublas implements AutoCloseable {
  private static final int SUCCESS = 0;

  private final cublasContext context = new cublasContext();
  private final FloatPointer one = new FloatPointer(1f);
  private final FloatPointer zero = new FloatPointer(0f);
  private boolean closed;

  private Cublas() {}

  /**
   * Opens the library on the device of an open {@link CudaGpu}.
   *
   * @throws IllegalStateException if this machine does not have it; the message is one line
   */
  public static Cublas open() {
    load();
    Cublas cublas = new Cublas();
    check(cublasCreate_v2(cublas.context), "cublasCreate");
    return cublas;
  }

  /**
   * Loads the library.
   *
   * @throws IllegalStateException if this machine does not have it; the message is one line
   */
  public static void load() {
    NvidiaLibrary.CUBLAS.load();
  }

  /**
   * Queues {@code C = A·B} in bfloat16, accumulated in float32, all three {@code [side, side]}.
   *
   * @throws IllegalStateException if cuBLAS returns an error
   */
  public void product(GpuStream stream, int side, DeviceBuffer a, DeviceBuffer b, DeviceBuffer c) {
    if (closed) {
      throw new IllegalStateException("cuBLAS: used after close");
    }
    long bytes = 2L * side * side;
    check(
        cublasSetStream_v2(context, new CUstream_st(new Address(stream.address()))),
        "cublasSetStream");
    check(
        cublasGemmEx(
            context,
            CUBLAS_OP_N,
            CUBLAS_OP_N,
            side,
            side,
            side,
            one,
            new Address(a.address(0, bytes)),
            CUDA_R_16BF,
            side,
            new Address(b.address(0, bytes)),
            CUDA_R_16BF,
            side,
            zero,
            new Address(c.address(0, bytes)),
            CUDA_R_16BF,
            side,
            CUBLAS_COMPUTE_32F,
            CUBLAS_GEMM_DEFAULT),
        "cublasGemmEx");
  }

  private static void check(int code, String call) {
    if (code != SUCCESS) {
      throw new IllegalStateException(call + ": " + cublasGetStatusString(code).getString());
    }
  }

  /** Closes the library; a second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      check(cublasDestroy_v2(context), "cublasDestroy");
    }
  }
}
