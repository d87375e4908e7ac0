package dev.kiln.tensorrt;

/** Failure of TensorRT; the message contains the errors of its log. */
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
