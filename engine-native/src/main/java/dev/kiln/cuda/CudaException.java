package dev.kiln.cuda;

import java.util.Set;

/** Failure of a call into CUDA, or of earlier work on the device. */
public class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Errors after which every further call of the process fails: a device that is gone or has failed
   * (46, 214, 220, 226), and kernels that trapped or did not end (700, 702, 710, 714 to 719).
   */
  private static final Set<Integer> LOST =
      Set.of(46, 214, 220, 226, 700, 702, 710, 714, 715, 716, 717, 718, 719);

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

  /** Returns whether this process can no longer use the device. */
  public boolean deviceLost() {
    return LOST.contains(code);
  }

  /** Returns the {@code cudaError_t}. */
  public int code() {
    return code;
  }
}
