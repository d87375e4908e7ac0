package dev.kiln.tiles;

/**
 * The native decoder does not support this kind of TIFF, which may be valid. The message names the
 * unsupported property: "compression 5 (LZW)".
 */
public final class UnsupportedTiffException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with the name of the unsupported property. */
  public UnsupportedTiffException(String message) {
    super(message);
  }
}
