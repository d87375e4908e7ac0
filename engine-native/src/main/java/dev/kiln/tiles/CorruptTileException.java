package dev.kiln.tiles;

/** A tile is damaged or lies outside the file. The message names it. */
public final class CorruptTileException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int read;

  CorruptTileException(int read, String message) {
    super(message);
    this.read = read;
  }

  /** Number of the window, from 0, among those that were to be read. */
  public int read() {
    return read;
  }
}
