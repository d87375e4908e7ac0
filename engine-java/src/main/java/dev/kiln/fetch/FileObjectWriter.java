package dev.kiln.fetch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a file to a temporary name; at the end syncs and renames it, so that it exists whole or
 * not at all. After a power failure the rename itself can be missing until the directory is synced.
 */
final class FileObjectWriter extends ObjectWriter {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);

  private static final AtomicLong SERIAL = new AtomicLong();

  private final Path target;
  private final Path temporary;
  private final Traffic traffic;
  private final RenamedFiles renames;
  private final FileChannel file;
  private boolean closed;

  /**
   * Starts a file; its directories are created.
   *
   * @param target path that the file has at the end
   * @param traffic counts the bytes as they are written
   * @param abandoned files of processes that died, which are removed
   * @param renames receives the directory at the end
   */
  FileObjectWriter(Path target, Traffic traffic, AbandonedFiles abandoned, RenamedFiles renames)
      throws IOException {
    Path parent = target.toAbsolutePath().getParent();
    Files.createDirectories(parent);
    String prefix = temporaryPrefix(target.getFileName().toString());
    this.target = target;
    this.traffic = traffic;
    this.renames = renames;
    this.temporary =
        parent.resolve(
            prefix
                + ProcessHandle.current().pid()
                + "-"
                + SERIAL.incrementAndGet()
                + AbandonedFiles.SUFFIX);
    this.file =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      abandoned.remove(parent, prefix, Files.getLastModifiedTime(temporary).toInstant());
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Returns a prefix of fixed length, because the name itself can be as long as names may be. */
  private static String temporaryPrefix(String name) {
    return ".kiln-" + UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)) + ".";
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(bytes, offset, length);
    while (rest.hasRemaining()) {
      file.write(rest);
    }
    traffic.written(length);
  }

  @Override
  public void complete() throws IOException {
    try (file) {
      file.force(true);
    }
    Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    closed = true;
    renames.add(target.toAbsolutePath().getParent());
    traffic.request();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      file.close();
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      log.warn("cannot remove an unfinished file: file={} reason=\"{}\"", temporary, e.toString());
    }
  }
}
