package dev.kiln.raster;

/**
 * How chips are arranged on a scene.
 *
 * @param chipSize edge of a chip in pixels
 * @param stride distance from one chip to the next in pixels, in both directions: less than {@code
 *     chipSize} for chips that overlap, more for chips with gaps between them
 * @param edge what happens at the right and lower edge of the scene
 */
public record ChipLayout(int chipSize, int stride, EdgeRule edge) {
  /** Checks that chips have a size and a distance. */
  public ChipLayout {
    if (chipSize < 1 || stride < 1) {
      throw new IllegalArgumentException(
          "expected a chip size and a stride of at least 1 px, found %d and %d"
              .formatted(chipSize, stride));
    }
  }

  /** Returns chips side by side, without those that are not whole. */
  public static ChipLayout sideBySide(int chipSize) {
    return new ChipLayout(chipSize, chipSize, EdgeRule.DROP);
  }

  /** Returns the same chips with another rule for the edge. */
  public ChipLayout withEdge(EdgeRule rule) {
    return new ChipLayout(chipSize, stride, rule);
  }

  /** Returns the number of chips of a scene of {@code width} × {@code height} pixels. */
  public long count(int width, int height) {
    return (long) along(width).count() * along(height).count();
  }

  /**
   * Positions of chips along one side of a scene.
   *
   * @param count number of chips
   * @param last first pixel of the last chip; the others are multiples of the stride
   */
  record Side(int count, long last) {}

  /** Returns the positions along a side of {@code pixels} pixels. */
  Side along(int pixels) {
    int whole = pixels < chipSize ? 0 : (pixels - chipSize) / stride + 1;
    long next = (long) whole * stride;
    long covered = whole == 0 ? 0 : next - stride + chipSize;
    if (covered < pixels && next < pixels) {
      if (edge == EdgeRule.PAD) {
        return new Side(whole + 1, next);
      }
      if (edge == EdgeRule.SHIFT && whole > 0) {
        return new Side(whole + 1, pixels - chipSize);
      }
    }
    return new Side(whole, Math.max(0, next - stride));
  }
}
