package dev.kiln.dataset.merge;

import dev.kiln.io.FileTrees;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory for temporary files, deleted when it is closed or the JVM exits. Its process holds a
 * lock on the file {@value #LOCK} in it; a directory whose lock is free was left by a process that
 * was killed, and is deleted by the next merge.
 */
final class Scratch implements AutoCloseable {
  /** The file that is locked. */
  static final String LOCK = "lock";

  private static final Logger log = LoggerFactory.getLogger(Scratch.class);
  private static final String PREFIX = "scratch-";
  private static final String UNLOCKED = "unlocked-scratch-";

  /** A directory without a lock of this age is not about to be locked. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  /** Directories of this process. Opening their locks would release them. */
  private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

  private final Path directory;
  private final FileChannel lock;
  private final Thread hook;

  private Scratch(Path directory, FileChannel lock) {
    this.directory = directory;
    this.lock = lock;
    this.hook = new Thread(this::delete, "delete scratch");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * Creates a directory.
   *
   * @param parent where it is created; created if it does not exist
   */
  static Scratch in(Path parent) throws IOException {
    Files.createDirectories(parent);
    removeAbandoned(parent);
    // The directory gets its name when it is locked, so that no process finds it without a lock.
    Path unlocked = Files.createTempDirectory(parent.toRealPath(), UNLOCKED);
    String name = unlocked.getFileName().toString().replaceFirst(UNLOCKED, PREFIX);
    Path directory = unlocked.resolveSibling(name);
    FileChannel lock =
        FileChannel.open(
            unlocked.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      lock.lock();
    } catch (IOException e) {
      log.warn(
          "cannot lock temporary files: directory={} reason=\"{}\": set --scratch to a local"
              + " directory",
          directory,
          e.getMessage());
    }
    OPEN.add(directory);
    Files.move(unlocked, directory, StandardCopyOption.ATOMIC_MOVE);
    return new Scratch(directory, lock);
  }

  private static void removeAbandoned(Path parent) throws IOException {
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(parent, "{" + PREFIX + "," + UNLOCKED + "}*")) {
      for (Path entry : entries) {
        try {
          removeIfAbandoned(entry.toRealPath());
        } catch (NoSuchFileException e) {
          // Another process has deleted it.
        } catch (IOException e) {
          log.warn(
              "cannot delete what a killed merge left: directory={} reason=\"{}\"",
              entry,
              e.toString());
        }
      }
    }
  }

  private static void removeIfAbandoned(Path directory) throws IOException {
    if (OPEN.contains(directory)) {
      return;
    }
    Path file = directory.resolve(LOCK);
    if (directory.getFileName().toString().startsWith(UNLOCKED) || !Files.exists(file)) {
      Instant changed = Files.getLastModifiedTime(directory).toInstant();
      if (changed.isBefore(Instant.now().minus(ABANDONED))) {
        deleteAbandoned(directory);
      }
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock != null) {
        deleteAbandoned(directory);
      }
    }
  }

  private static void deleteAbandoned(Path directory) throws IOException {
    log.info("deleting what a killed merge left: directory={}", directory);
    FileTrees.delete(directory);
  }

  /** Returns a new directory of this name. */
  Path directory(String name) throws IOException {
    return Files.createDirectories(directory.resolve(name));
  }

  private void delete() {
    try {
      FileTrees.delete(directory);
    } catch (IOException e) {
      log.warn(
          "cannot delete temporary files: directory={} reason=\"{}\": delete the directory",
          directory,
          e.toString());
    }
  }

  @Override
  public void close() throws IOException {
    delete();
    OPEN.remove(directory);
    lock.close();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      log.debug("the JVM is exiting already");
    }
  }
}
