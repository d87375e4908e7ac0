package dev.kiln.archive;

import dev.kiln.error.Mismatch;
import dev.kiln.error.SceneException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.util.List;

/**
 * Opens objects by name: a URI ({@code s3://…}, {@code file:…}, a path), or a key of the archive.
 * Callers provide it, so that this package does not depend on stores.
 */
@FunctionalInterface
public interface ObjectSource {
  /**
   * Opens an object.
   *
   * @param name of the object
   * @return its content, which the caller closes
   * @throws NoSuchFileException if there is no such object
   * @throws IOException if it cannot be opened
   */
  InputStream open(String name) throws IOException;

  /**
   * Reads a small object whole.
   *
   * @param name of the object
   * @param what it is, for messages, such as {@code a STAC item}
   * @param most bytes that it may have
   * @return its content
   * @throws SceneException permanent if it is larger
   * @throws NoSuchFileException if there is no such object
   * @throws IOException if it cannot be read
   */
  default byte[] read(String name, String what, int most) throws IOException {
    try (InputStream in = open(name)) {
      byte[] content = in.readNBytes(most + 1);
      if (content.length > most) {
        throw SceneException.permanent(
            name, Mismatch.of("%s of at most %,d bytes".formatted(what, most), "more"));
      }
      return content;
    }
  }

  /**
   * Lists the objects and directories directly below a directory or key prefix.
   *
   * @param directory its name
   * @return names without slashes, in any order; empty if there is no such directory, or the source
   *     cannot list
   * @throws IOException if it cannot be listed
   */
  default List<String> list(String directory) throws IOException {
    return List.of();
  }
}
