package dev.kiln.sample;

import dev.kiln.error.ConfigurationException;
import dev.kiln.io.FileTrees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Stream;

/**
 * Directory that Kiln fills and can therefore replace, identified by a marker file. Any other
 * directory that is not empty is never changed.
 */
public final class MarkedDirectory {
  private final Path path;
  private final String marker;

  /**
   * Describes a directory.
   *
   * @param path path of the directory
   * @param marker name of the marker file
   */
  public MarkedDirectory(Path path, String marker) {
    this.path = path.toAbsolutePath().normalize();
    this.marker = marker;
    if (this.path.getFileName() == null) {
      throw new ConfigurationException(
          "directory %s: expected a directory below it, found a root".formatted(path));
    }
  }

  /** Returns whether the directory is missing or empty. */
  public boolean isFree() throws IOException {
    if (!Files.exists(path)) {
      return true;
    }
    if (!Files.isDirectory(path)) {
      return false;
    }
    try (Stream<Path> entries = Files.list(path)) {
      return entries.findAny().isEmpty();
    }
  }

  /** Returns whether the marker file is present. */
  public boolean isMarked() {
    return Files.isRegularFile(path.resolve(marker));
  }

  /**
   * Rejects a directory with other contents.
   *
   * @param what expected contents for messages, such as "a sample"
   * @throws ConfigurationException if the directory is neither empty nor marked
   */
  public void rejectForeign(String what) throws IOException {
    if (!isFree() && !isMarked()) {
      throw new ConfigurationException(
          "directory %s: expected an empty directory or %s (with a file %s), found other files:"
                  .formatted(path, what, marker)
              + " choose another directory");
    }
  }

  /** Recreates the directory with only the marker file. */
  public void begin(String note) throws IOException {
    FileTrees.delete(path);
    Files.createDirectories(path);
    Files.writeString(path.resolve(marker), note);
  }

  /**
   * Returns the temporary sibling in which the contents are created; deletes leftovers of an
   * earlier attempt.
   */
  Path aside() throws IOException {
    Path aside = beside("partial");
    FileTrees.delete(aside);
    Files.createDirectories(aside);
    return aside;
  }

  /** Replaces the directory by the temporary one. */
  void replace() throws IOException {
    Path former = beside("former");
    FileTrees.delete(former);
    if (Files.exists(path)) {
      Files.move(path, former, StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(beside("partial"), path, StandardCopyOption.ATOMIC_MOVE);
    FileTrees.delete(former);
  }

  /** Deletes the temporary directory. */
  void abandon() throws IOException {
    FileTrees.delete(beside("partial"));
  }

  private Path beside(String kind) {
    return path.resolveSibling("." + path.getFileName() + "." + kind);
  }
}
