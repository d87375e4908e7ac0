package dev.kiln.awsbatch;

import java.io.IOException;

/** A submission that AWS Batch may or may not have taken. */
final class AmbiguousSubmitException extends IOException {
  private static final long serialVersionUID = 1L;

  AmbiguousSubmitException(String message, Throwable cause) {
    super(message, cause);
  }
}
