package dev.kiln.tensorrt;

/** TensorRT refused or failed; the message holds what its log says about it. */
public final class TensorRtException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param what was tried
   * @param reasons lines of TensorRT's log, or empty
   */
  public TensorRtException(String what, String reasons) {
    super(reasons.isEmpty() ? "TensorRT: " + what : "TensorRT: " + what + ": " + reasons);
  }
}
