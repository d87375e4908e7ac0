package dev.kiln.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.util.List;

/**
 * How this package reads objects by name: a URI ({@code s3://…}, {@code file:…}, a path), or a key
 * in the archive at hand. Callers supply it, because this package knows what to read and not how.
 */
@FunctionalInterface
public interface ObjectSource {
  /**
   * Opens an object; the caller closes the stream.
   *
   * @param name of the object
   * @throws NoSuchFileException if there is no such object
   * @throws IOException if it cannot be opened
   */
  InputStream open(String name) throws IOException;

  /**
   * Returns the names of objects and directories directly below a directory or key prefix, without
   * slashes, in any order; empty if there is no such directory, or the source cannot list.
   *
   * @param directory its name
   * @throws IOException if it cannot be listed
   */
  default List<String> list(String directory) throws IOException {
    return List.of();
  }
}
