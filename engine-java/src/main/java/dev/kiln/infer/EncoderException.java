package dev.kiln.infer;

/** A batch failed in the encoder. None of its embeddings may be used. */
public final class EncoderException extends Exception {
  private static final long serialVersionUID = 1L;

  public EncoderException(String message, Throwable cause) {
    super(message, cause);
  }
}
