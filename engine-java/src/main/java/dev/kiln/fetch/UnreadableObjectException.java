package dev.kiln.fetch;

import java.nio.file.FileSystemException;

/**
 * An object exists but cannot be read: it is empty, too large, not a regular file, or the store
 * refuses the request. Permanent.
 */
public final class UnreadableObjectException extends FileSystemException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an error.
   *
   * @param uri of the object
   * @param reason one line without the URI
   */
  public UnreadableObjectException(String uri, String reason) {
    super(uri, null, reason);
  }
}
