package dev.kiln.type;

/** A square of pixels, all bands of which become one row of the encoder's first matrix product. */
public final class Patch {
  /** Edge in pixels; {@code KILN_PATCH_SIZE} in native and device code. */
  public static final int SIZE = 8;

  private Patch() {}
}
