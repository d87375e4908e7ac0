package dev.kiln.export;

import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.io.InputStream;

/** Consecutive values in a checkpoint that one or several tensors view. */
interface Storage {

  /** Returns the name within the checkpoint, for messages. */
  String name();

  /** Returns the size in bytes. */
  long bytes();

  /**
   * Opens the storage at a byte offset; only the bytes read from the stream are read from the file.
   */
  InputStream open(long offset) throws IOException;

  /** Returns the bytes of the file that hold the storage; empty if it is missing. */
  ByteRange range();
}
