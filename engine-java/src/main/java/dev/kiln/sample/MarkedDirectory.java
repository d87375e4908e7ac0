package dev.kiln.sample;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A directory that Kiln fills and may therefore replace: a file in it says so. Any other directory
 * that is not empty is left alone.
 */
public final class MarkedDirectory {
  private final Path path;
  private final String marker;

  /**
   * @param marker name of the file that says what the directory is
   */
  public MarkedDirectory(Path path, String marker) {
    this.path = path.toAbsolutePath().normalize();
    this.marker = marker;
    if (this.path.getFileName() == null) {
      throw new ConfigurationException("directory %s: name one below it".formatted(path));
    }
  }

  /** Whether there is nothing yet that could be replaced. */
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

  /** Whether it bears the mark. */
  public boolean isMarked() {
    return Files.isRegularFile(path.resolve(marker));
  }

  /**
   * @param what the directory would be, such as "a sample"
   * @throws ConfigurationException if it holds anything and is not marked as such
   */
  public void refuseForeign(String what) throws IOException {
    if (!isFree() && !isMarked()) {
      throw new ConfigurationException(
          "directory %s: holds other things (expected an empty one, or %s, which has a file %s):"
                  .formatted(path, what, marker)
              + " name another directory");
    }
  }

  /** Makes the directory anew, empty but for the mark. */
  public void begin(String note) throws IOException {
    delete(path);
    Files.createDirectories(path);
    Files.writeString(path.resolve(marker), note);
  }

  /**
   * Where it is made before it takes its place: beside it. What a former attempt left there is
   * deleted.
   */
  Path aside() throws IOException {
    Path aside = beside("partial");
    delete(aside);
    Files.createDirectories(aside);
    return aside;
  }

  /** Puts what was made {@link #aside} in its place, and deletes what was there. */
  void replace() throws IOException {
    Path former = beside("former");
    delete(former);
    if (Files.exists(path)) {
      Files.move(path, former, StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(beside("partial"), path, StandardCopyOption.ATOMIC_MOVE);
    delete(former);
  }

  /** Gives up what was made {@link #aside}. */
  void abandon() throws IOException {
    delete(beside("partial"));
  }

  private Path beside(String kind) {
    return path.resolveSibling("." + path.getFileName() + "." + kind);
  }

  private static void delete(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    List<Path> entries;
    try (Stream<Path> walk = Files.walk(tree)) {
      entries = walk.sorted(Comparator.reverseOrder()).toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    for (Path entry : entries) {
      Files.delete(entry);
    }
  }
}
