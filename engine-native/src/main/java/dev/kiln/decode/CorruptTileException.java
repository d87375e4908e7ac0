package dev.kiln.decode;

/** A tile is damaged or lies outside the file. The message names it. */
public final class CorruptTileException extends Exception {
  private static final long serialVersionUID = 1L;

  CorruptTileException(String message) {
    super(message);
  }
}
