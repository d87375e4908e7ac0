package dev.kiln.cli;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Files that options name for results: they appear whole or not at all. */
final class OutputFile {
  private OutputFile() {}

  /**
   * Writes a file.
   *
   * @param option that names it, for messages
   * @throws ConfigurationException if its directory does not exist
   */
  static void write(String option, Path file, byte[] content) throws IOException {
    Path target = file.toAbsolutePath();
    Path directory = target.getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw new ConfigurationException(
          "%s %s: no such directory: %s".formatted(option, file, directory));
    }
    Path temporary = target.resolveSibling(target.getFileName() + ".part");
    try {
      Files.write(temporary, content);
      Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      Files.deleteIfExists(temporary);
      throw e;
    }
  }
}
