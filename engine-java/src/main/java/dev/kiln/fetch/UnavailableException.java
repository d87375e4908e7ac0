package dev.kiln.fetch;

import java.nio.file.FileSystemException;

/**
 * The request for an object failed for as long as it was attempted: the store could not be reached,
 * is overloaded, or the disk failed. Transient: a later attempt can succeed.
 */
public final class UnavailableException extends FileSystemException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an error.
   *
   * @param uri of the object or store
   * @param reason one line without the URI
   * @param cause the last failure
   */
  public UnavailableException(String uri, String reason, Throwable cause) {
    super(uri, null, reason);
    initCause(cause);
  }
}
