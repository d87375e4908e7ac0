package dev.kiln.dataset.merge;

import dev.kiln.fetch.UnavailableException;
import java.io.IOException;
import java.nio.file.FileSystemException;

/** Errors of reading a source. */
final class Faults {
  private Faults() {}

  /** Returns whether an error is due to the store or the connection and not to the file. */
  static boolean isOfTheStore(IOException e) {
    return e instanceof UnavailableException;
  }

  /** Returns the reason in one line. */
  static String reason(IOException e) {
    if (e instanceof FileSystemException failed && failed.getReason() != null) {
      return failed.getReason();
    }
    return e.getMessage() == null
        ? e.toString()
        : e.getMessage().lines().findFirst().orElse(e.toString());
  }
}
