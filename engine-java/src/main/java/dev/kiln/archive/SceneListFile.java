package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.GZIPOutputStream;

/**
 * A scene list being written: one key a line, gzip if the name ends in {@code .gz}. Written aside,
 * synced, and renamed by {@link #commit}, so that the name only ever holds a whole list; {@link
 * #close} without a commit leaves nothing. The same keys give the same bytes.
 */
public final class SceneListFile implements AutoCloseable {
  private static final int BUFFER = 1 << 16;

  private final Path target;
  private final Path aside;
  private final OutputStream out;
  private boolean closed;

  private SceneListFile(Path target, Path aside, OutputStream out) {
    this.target = target;
    this.aside = aside;
    this.out = out;
  }

  /**
   * Returns a list that is written to a stream, which is flushed but not closed.
   *
   * @param out receives one key per line
   */
  public static SceneListFile to(OutputStream out) {
    return new SceneListFile(null, null, new BufferedOutputStream(out, BUFFER));
  }

  /**
   * Begins a list.
   *
   * @param flag the option that names the file, for messages
   * @throws ConfigurationException if it cannot be written there
   */
  public static SceneListFile create(String flag, Path target) {
    Path whole = target.toAbsolutePath();
    if (Files.isDirectory(whole)) {
      throw new ConfigurationException(
          flag + " " + target + ": expected a file, found a directory");
    }
    try {
      Files.createDirectories(whole.getParent());
      // Not a temporary file of the JDK's making: those are for their owner's eyes only.
      String name = "." + whole.getFileName() + "." + ProcessHandle.current().pid() + ".partial";
      Path aside = whole.resolveSibling(name);
      OutputStream bytes = Files.newOutputStream(aside);
      boolean gzip = whole.getFileName().toString().endsWith(".gz");
      OutputStream packed = gzip ? new GZIPOutputStream(bytes, BUFFER) : bytes;
      return new SceneListFile(whole, aside, new BufferedOutputStream(packed, BUFFER));
    } catch (IOException e) {
      throw new ConfigurationException(
          flag + " " + target + ": cannot write there (" + e + "): name another file", e);
    }
  }

  /** Appends one key. */
  public void add(String key) throws IOException {
    out.write(key.getBytes(StandardCharsets.UTF_8));
    out.write('\n');
  }

  /**
   * Completes the list and puts it under its name, replacing what was there.
   *
   * @throws IllegalStateException after {@link #close}
   */
  public void commit() throws IOException {
    if (closed) {
      throw new IllegalStateException(target + ": commit after close");
    }
    if (target == null) {
      out.flush();
      closed = true;
      return;
    }
    out.close();
    try (FileChannel written = FileChannel.open(aside, StandardOpenOption.WRITE)) {
      written.force(true);
    }
    Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE);
    closed = true;
  }

  /** Gives up what was not committed; a second call does nothing. */
  @Override
  public void close() throws IOException {
    if (!closed) {
      closed = true;
      if (target == null) {
        return;
      }
      try {
        out.close();
      } finally {
        Files.deleteIfExists(aside);
      }
    }
  }
}
