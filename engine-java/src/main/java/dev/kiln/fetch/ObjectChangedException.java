package dev.kiln.fetch;

import java.nio.file.FileSystemException;

/** An object is no longer the version that was opened. Transient: it can be opened again. */
public final class ObjectChangedException extends FileSystemException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an error.
   *
   * @param uri of the object
   */
  public ObjectChangedException(String uri) {
    super(uri, null, "the object changed while it was read");
  }
}
