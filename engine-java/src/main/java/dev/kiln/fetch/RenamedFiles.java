package dev.kiln.fetch;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Directories in which files were renamed. One sync makes all renames in a directory survive a
 * power failure; one per file would take as long as writing a small file.
 */
final class RenamedFiles {
  private final Set<Path> directories = ConcurrentHashMap.newKeySet();

  /** Notes a directory. */
  void add(Path directory) {
    directories.add(directory);
  }

  /** Syncs the directories that were noted. */
  void sync() throws IOException {
    for (Path directory : directories) {
      directories.remove(directory);
      try (FileChannel synced = FileChannel.open(directory, StandardOpenOption.READ)) {
        synced.force(true);
      } catch (NoSuchFileException e) {
        // Removed since, with its files.
      }
    }
  }
}
