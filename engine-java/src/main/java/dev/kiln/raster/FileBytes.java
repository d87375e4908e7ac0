package dev.kiln.raster;

import dev.kiln.error.SceneException;
import java.nio.ByteBuffer;

/** The bytes of a file of which some may first have to be fetched. */
@FunctionalInterface
public interface FileBytes {
  /**
   * @return a borrowed view of {@code length} bytes from {@code offset}; both lie within the file
   * @throws SceneException if they cannot be had
   */
  ByteBuffer at(long offset, int length) throws SceneException, InterruptedException;
}
