package dev.kiln.tiles;

/**
 * A file may be a sound TIFF, but not of a kind that the native decoder knows. The message says in
 * what: "compression 5 (LZW)".
 */
public final class UnsupportedTiffException extends Exception {
  private static final long serialVersionUID = 1L;

  public UnsupportedTiffException(String message) {
    super(message);
  }
}
