package dev.kiln.fetch;

import java.nio.file.FileSystemException;

/**
 * The request for an object failed for as long as it was attempted: the store could not be reached,
 * is overloaded, or the disk failed. Transient: a later attempt can succeed.
 */
public final class UnavailableException extends FileSystemException {
  private static final long serialVersionUID = 1L;

  private final boolean retried;

  /**
   * Creates an error.
   *
   * @param uri of the object or store
   * @param reason one line without the URI
   * @param cause the last failure
   */
  public UnavailableException(String uri, String reason, Throwable cause) {
    this(uri, reason, cause, false);
  }

  private UnavailableException(String uri, String reason, Throwable cause, boolean retried) {
    super(uri, null, reason);
    this.retried = retried;
    initCause(cause);
  }

  /**
   * {@return the error of a request that used all of its attempts}
   *
   * @param uri of the object or store
   * @param reason one line without the URI
   * @param cause the last failure
   */
  public static UnavailableException afterAllAttempts(String uri, String reason, Throwable cause) {
    return new UnavailableException(uri, reason, cause, true);
  }

  /** {@return whether the store has made all attempts already, so that the caller should not} */
  public boolean retried() {
    return retried;
  }
}
