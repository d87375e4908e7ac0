package dev.kiln.fetch;

import dev.kiln.fault.SceneFault;
import dev.kiln.memory.HostBuffer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/** A folder of the local file system. */
final class FileObjectStore implements ObjectStore {
  private static final int READ_BYTES = 16 << 20;

  /** An unfinished write older than this was left by a process that died. */
  private static final Duration ABANDONED = Duration.ofMinutes(10);

  private static final AtomicLong SERIAL = new AtomicLong();

  private final String root;
  private final Path folder;

  FileObjectStore(String root, Path folder) {
    this.root = root;
    this.folder = folder;
  }

  @Override
  public String root() {
    return root;
  }

  @Override
  public String uri(String key) {
    return path(key).toAbsolutePath().normalize().toString();
  }

  private Path path(String key) {
    return folder.resolve(key);
  }

  @Override
  public HostBuffer fetch(String key) throws SceneFault {
    try (FileChannel file = FileChannel.open(path(key), StandardOpenOption.READ)) {
      long size = file.size();
      if (size == 0) {
        throw SceneFault.permanent(key, "the object is empty (0 bytes)");
      }
      HostBuffer bytes = HostBuffer.allocate("object " + key, size);
      try {
        read(file, key, bytes);
        return bytes;
      } catch (IOException | SceneFault | RuntimeException | Error e) {
        bytes.close();
        throw e;
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      throw SceneFault.permanent(key, "no such object under " + root, e);
    } catch (IOException e) {
      if (Files.isDirectory(path(key))) {
        throw SceneFault.permanent(key, "a folder under " + root + ", an object expected", e);
      }
      throw SceneFault.transientFault(key, "reading failed: " + e.getMessage(), e);
    }
  }

  @Override
  public long size(String key) throws SceneFault {
    try {
      return Files.size(path(key));
    } catch (NoSuchFileException e) {
      throw SceneFault.permanent(key, "no such object under " + root, e);
    } catch (IOException e) {
      throw SceneFault.transientFault(key, "asking its size failed: " + e.getMessage(), e);
    }
  }

  private static void read(FileChannel file, String key, HostBuffer bytes)
      throws IOException, SceneFault {
    long at = 0;
    while (at < bytes.size()) {
      ByteBuffer part = bytes.slice(at, (int) Math.min(READ_BYTES, bytes.size() - at));
      int n = file.read(part, at);
      if (n < 0) {
        throw SceneFault.transientFault(
            key, "ended after " + at + " of " + bytes.size() + " bytes while it was read", null);
      }
      at += n;
    }
  }

  @Override
  public InputStream open(String key) throws IOException {
    return Files.newInputStream(path(key));
  }

  @Override
  public boolean exists(String key) {
    return Files.isRegularFile(path(key));
  }

  /** Written aside, synced, renamed, and the rename synced: the key names whole bytes only. */
  @Override
  public void put(String key, byte[] bytes) throws IOException {
    Path target = path(key);
    Path parent = target.toAbsolutePath().getParent();
    Files.createDirectories(parent);
    String prefix = "." + target.getFileName() + ".";
    removeAbandoned(parent, prefix);
    Path aside =
        parent.resolve(
            prefix + ProcessHandle.current().pid() + "-" + SERIAL.incrementAndGet() + ".part");
    try {
      try (FileChannel file =
          FileChannel.open(aside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        while (rest.hasRemaining()) {
          file.write(rest);
        }
        file.force(true);
      }
      Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | RuntimeException | Error e) {
      Files.deleteIfExists(aside);
      throw e;
    }
    try (FileChannel directory = FileChannel.open(parent, StandardOpenOption.READ)) {
      directory.force(true);
    }
  }

  private static void removeAbandoned(Path parent, String prefix) throws IOException {
    FileTime limit = FileTime.from(Instant.now().minus(ABANDONED));
    try (DirectoryStream<Path> parts =
        Files.newDirectoryStream(
            parent,
            p -> {
              String name = p.getFileName().toString();
              return name.startsWith(prefix) && name.endsWith(".part");
            })) {
      for (Path part : parts) {
        if (Files.getLastModifiedTime(part).compareTo(limit) < 0) {
          Files.deleteIfExists(part);
        }
      }
    }
  }

  @Override
  public void close() {}
}
