package dev.kiln.infer;

/** Failure of a batch in the encoder. None of its embeddings may be used. */
public final class EncoderException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message what failed, in one line
   * @param cause the failure in the encoder
   */
  public EncoderException(String message, Throwable cause) {
    super(message, cause);
  }
}
