package dev.kiln.fetch;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Temporary files that processes left in a directory when they died. Each directory is listed once,
 * because listing it for every file would take longer with each file that is written there.
 */
final class AbandonedFiles {
  /** End of the names of temporary files. */
  static final String SUFFIX = ".part";

  /**
   * An unfinished write older than this was left by a process that died. Long, because a live
   * writer can be idle: a scene of many row groups waits for the encoder between them.
   */
  private static final Duration AGE = Duration.ofDays(1);

  private final Map<Path, List<Path>> temporary = new ConcurrentHashMap<>();

  /**
   * Removes the abandoned files of one target.
   *
   * @param directory of the target; exists
   * @param prefix of the names of its temporary files
   * @param now time of a new file there: the clock of a file server can differ
   */
  void remove(Path directory, String prefix, Instant now) throws IOException {
    List<Path> found = temporary.get(directory);
    if (found == null) {
      found = list(directory);
      temporary.put(directory, found);
    }
    for (Path file : found) {
      if (file.getFileName().toString().startsWith(prefix)) {
        removeOld(file, now);
      }
    }
  }

  private static List<Path> list(Path directory) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> parts = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
      parts.forEach(files::add);
    }
    return files;
  }

  private static void removeOld(Path file, Instant now) throws IOException {
    FileTime limit = FileTime.from(now.minus(AGE));
    try {
      if (Files.getLastModifiedTime(file).compareTo(limit) < 0) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      // Its process has finished it meanwhile.
    }
  }
}
