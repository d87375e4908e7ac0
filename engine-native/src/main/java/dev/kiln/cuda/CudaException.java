package dev.kiln.cuda;

/** A call into CUDA, or work on the device before it, failed. */
public class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int code;

  /**
   * @param call what was called, and for what
   * @param code of {@code cudaError_t}
   * @param meaning CUDA's own words for it
   */
  public CudaException(String call, int code, String meaning) {
    super("%s: CUDA error %d (%s)".formatted(call, code, meaning));
    this.code = code;
  }

  /** The {@code cudaError_t}. */
  public int code() {
    return code;
  }
}
