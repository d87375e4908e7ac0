package dev.kiln.fetch;

import java.io.IOException;
import java.io.OutputStream;

/**
 * An object that is being written front to back. It appears under its key, whole, when {@link
 * #complete} returns; closed before that, it never appears. Used by one thread at a time.
 */
public abstract class ObjectWriter extends OutputStream {
  /** For subclasses. */
  protected ObjectWriter() {}

  /**
   * Makes the object appear under its key, durably.
   *
   * @throws IOException if it cannot be written; it does not appear then
   */
  public abstract void complete() throws IOException;

  /** Discards what was written unless the object is complete. Idempotent; does not fail. */
  @Override
  public abstract void close();
}
