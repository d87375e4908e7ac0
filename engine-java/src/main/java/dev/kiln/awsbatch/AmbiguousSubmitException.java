package dev.kiln.awsbatch;

import java.io.IOException;

/** AWS Batch may or may not have accepted a submission. */
final class AmbiguousSubmitException extends IOException {
  private static final long serialVersionUID = 1L;

  AmbiguousSubmitException(String message, Throwable cause) {
    super(message, cause);
  }
}
