package dev.kiln.raster;

import dev.kiln.error.SceneException;
import java.nio.ByteBuffer;

/** Random access to the bytes of a file, which are fetched when needed. */
@FunctionalInterface
public interface FileBytes {
  /**
   * Returns a borrowed view of some bytes.
   *
   * @param offset first byte
   * @param length number of bytes; the range lies within the file
   * @throws SceneException if the bytes cannot be fetched
   */
  ByteBuffer at(long offset, int length) throws SceneException, InterruptedException;
}
