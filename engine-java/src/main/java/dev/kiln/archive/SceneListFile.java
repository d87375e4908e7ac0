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
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPOutputStream;

/**
 * Writes a scene list: one key or item per line, gzip if the name ends in {@code .gz}. The list is
 * written to a temporary file that {@link #commit} syncs and renames, so that a file of that name
 * is always complete. {@link #close} without a commit leaves no file. The same keys give the same
 * bytes.
 */
public final class SceneListFile implements AutoCloseable {
  private static final int BUFFER = 1 << 16;

  private final Path target;
  private final Path temporary;
  private final OutputStream out;
  private final Set<String> kinds = new HashSet<>();
  private boolean closed;

  private SceneListFile(Path target, Path temporary, OutputStream out) {
    this.target = target;
    this.temporary = temporary;
    this.out = out;
  }

  /**
   * Returns a list that is written to a stream, which is flushed but not closed.
   *
   * @param out receives one key per line
   * @return the list
   */
  public static SceneListFile to(OutputStream out) {
    return new SceneListFile(null, null, new BufferedOutputStream(out, BUFFER));
  }

  /**
   * Starts a list.
   *
   * @param flag the option that names the file, for messages
   * @param target the file, replaced on commit; its directory is created if necessary
   * @return the list
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
      // The JDK's temporary files are readable by their owner only.
      String name = "." + whole.getFileName() + "." + ProcessHandle.current().pid() + ".partial";
      Path temporary = whole.resolveSibling(name);
      OutputStream bytes = Files.newOutputStream(temporary);
      boolean gzip = whole.getFileName().toString().endsWith(".gz");
      OutputStream packed = gzip ? new GZIPOutputStream(bytes, BUFFER) : bytes;
      return new SceneListFile(whole, temporary, new BufferedOutputStream(packed, BUFFER));
    } catch (IOException e) {
      throw new ConfigurationException(
          flag + " " + target + ": cannot write there (" + e + "): name another file", e);
    }
  }

  /**
   * Appends one key.
   *
   * @param key of a scene
   * @throws ConfigurationException if the key is empty or has control characters
   * @throws IOException if the file cannot be written
   */
  public void add(String key) throws IOException {
    String line;
    try {
      line = KeyLines.line(key);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(target + ": key of a scene: " + e.getMessage(), e);
    }
    write(key, line);
  }

  /**
   * Appends one item.
   *
   * @param item with its key
   * @throws ConfigurationException if the key is empty or has control characters
   * @throws IOException if the file cannot be written
   */
  public void add(ItemLine item) throws IOException {
    write(item.key(), item.text());
  }

  private void write(String key, String line) throws IOException {
    out.write(line.getBytes(StandardCharsets.UTF_8));
    out.write('\n');
    kinds.add(OutputKey.kind(key));
  }

  /** Keys of the same kind rarely share an output, so most lists need no check. */
  private void requireDistinctOutputs() throws IOException {
    if (kinds.size() < 2 && !kinds.contains(OutputKey.AMBIGUOUS)) {
      return;
    }
    Map<String, String> byOutput = new HashMap<>();
    SceneList.each(
        target.toString(),
        () -> Files.newInputStream(temporary),
        key -> {
          String other = byOutput.putIfAbsent(SceneList.outputKey(key), key);
          if (other != null && !other.equals(key)) {
            throw SceneList.collision(target.toString(), other, key);
          }
        });
  }

  /**
   * Completes the list and gives it its name, replacing an older file.
   *
   * @throws ConfigurationException if two scenes have the same output
   * @throws IOException if the file cannot be written
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
    requireDistinctOutputs();
    try (FileChannel written = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
      written.force(true);
    }
    Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    closed = true;
  }

  /** Deletes what was not committed; a second call does nothing. */
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
        Files.deleteIfExists(temporary);
      }
    }
  }
}
