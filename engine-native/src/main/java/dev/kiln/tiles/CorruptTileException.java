package dev.kiln.tiles;

/** A tile is damaged or outside the file. The message names it. */
public final class CorruptTileException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int read;

  CorruptTileException(int read, String message) {
    super(message);
    this.read = read;
  }

  /** Returns the index of the window among those to be read. */
  public int read() {
    return read;
  }
}
