package dev.kiln.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.util.List;

/**
 * How this package reaches what a URI names ({@code s3://…}, {@code file:…} or a plain path). The
 * command line supplies it, since this package knows what to read and not how.
 */
public interface ObjectSource {
  /**
   * Opens an object; the caller closes the stream.
   *
   * @throws NoSuchFileException if there is none of that name
   */
  InputStream open(String uri) throws IOException;

  /**
   * Names of what lies directly below a folder or key prefix, without slashes, in any order; empty
   * if there is no such folder.
   */
  List<String> list(String uri) throws IOException;
}
