package dev.kiln.cuda;

/** Failure of a call into CUDA, or of earlier work on the device. */
public class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int code;

  /**
   * Creates an exception.
   *
   * @param call name of the function and its purpose
   * @param code a {@code cudaError_t}
   * @param meaning CUDA's description of the error
   */
  public CudaException(String call, int code, String meaning) {
    super("%s: CUDA error %d (%s)".formatted(call, code, meaning));
    this.code = code;
  }

  /** Returns the {@code cudaError_t}. */
  public int code() {
    return code;
  }
}
