package dev.kiln.dataset.merge;

import dev.kiln.io.FileTrees;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory for temporary files of this process, deleted when it is closed or the JVM exits.
 * Directories that killed processes left are deleted first.
 */
final class Scratch implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Scratch.class);
  private static final Pattern NAME = Pattern.compile("scratch-(.+)-(\\d+)-\\d+");

  /** A directory of another machine that was not written to for this long was left behind. */
  private static final Duration ABANDONED = Duration.ofDays(2);

  /** Directories of this process. */
  private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

  private static final AtomicLong SERIAL = new AtomicLong();

  private final Path directory;
  private final Thread hook;

  private Scratch(Path directory) {
    this.directory = directory;
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
    Path directory =
        parent.resolve(
            "scratch-%s-%d-%d"
                .formatted(host(), ProcessHandle.current().pid(), SERIAL.incrementAndGet()));
    OPEN.add(directory);
    return new Scratch(Files.createDirectories(directory));
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName().replaceAll("[^A-Za-z0-9.]", "_");
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  private static void removeAbandoned(Path parent) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(parent, "scratch-*")) {
      for (Path entry : entries) {
        Matcher name = NAME.matcher(entry.getFileName().toString());
        if (!name.matches()) {
          continue;
        }
        boolean here = name.group(1).equals(host());
        long pid = Long.parseLong(name.group(2));
        boolean dead =
            here
                ? pid == ProcessHandle.current().pid() && !OPEN.contains(entry)
                    || ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty()
                : Files.getLastModifiedTime(entry)
                    .toInstant()
                    .isBefore(Instant.now().minus(ABANDONED));
        if (dead) {
          log.info("deleting what a killed merge left: directory={}", entry);
          FileTrees.delete(entry);
        }
      }
    }
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
          "cannot delete temporary files: directory={} reason=\"{}\"", directory, e.toString());
    }
  }

  @Override
  public void close() {
    delete();
    OPEN.remove(directory);
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      log.debug("the JVM is exiting already");
    }
  }
}
