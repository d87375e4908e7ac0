package dev.kiln.fleet;

import java.io.IOException;

/** A submission that AWS Batch may or may not have taken. */
final class UnknownFateException extends IOException {
  private static final long serialVersionUID = 1L;

  UnknownFateException(String message, Throwable cause) {
    super(message, cause);
  }
}
