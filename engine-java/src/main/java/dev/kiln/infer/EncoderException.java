package dev.kiln.infer;

/** Failure of a batch in the encoder. None of its embeddings may be used. */
public final class EncoderException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean deviceLost;

  /**
   * Creates an exception.
   *
   * @param message what failed, in one line
   * @param cause the failure in the encoder
   */
  public EncoderException(String message, Throwable cause) {
    this(message, cause, false);
  }

  /**
   * Creates an exception.
   *
   * @param message what failed, in one line
   * @param cause the failure in the encoder
   * @param deviceLost whether every further batch of this process will fail
   */
  public EncoderException(String message, Throwable cause, boolean deviceLost) {
    super(message, cause);
    this.deviceLost = deviceLost;
  }

  /** {@return whether every further batch of this process will fail} */
  public boolean deviceLost() {
    return deviceLost;
  }
}
