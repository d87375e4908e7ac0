package dev.kiln.fetch;

import java.io.IOException;

/** A store could not be reached, or was overwhelmed, for longer than it was tried: may pass. */
public final class UnavailableException extends IOException {
  private static final long serialVersionUID = 1L;

  UnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
