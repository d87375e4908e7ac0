package dev.kiln.export;

import java.io.IOException;
import java.io.InputStream;

/** A run of stored numbers within a checkpoint, which one or several tensors view. */
interface Storage {

  /** Where it lies in the checkpoint, for messages. */
  String name();

  /** Its size in bytes. */
  long bytes();

  /** Opens it at a byte; only what is read from the stream is read from the file. */
  InputStream open(long offset) throws IOException;
}
