package dev.kiln.export;

import dev.kiln.memory.ByteRange;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The file of a checkpoint. It may be a sparse copy of a remote object, of which only those bytes
 * are valid that {@link #fetch} was called for.
 */
public interface CheckpointFile {
  /** {@return the name for messages: a path or a URI} */
  String name();

  /** {@return a local file with the checkpoint's size} */
  Path path();

  /**
   * Makes bytes valid in the local file.
   *
   * @param ranges within the file
   * @throws UncheckedIOException if they cannot be fetched
   */
  void fetch(List<ByteRange> ranges);

  /**
   * {@return a whole local file}
   *
   * @param file the checkpoint
   */
  static CheckpointFile of(Path file) {
    return new CheckpointFile() {
      @Override
      public String name() {
        return file.toString();
      }

      @Override
      public Path path() {
        return file;
      }

      @Override
      public void fetch(List<ByteRange> ranges) {}
    };
  }
}
