package dev.kiln.memory;

/**
 * Range of bytes of an object, or of the buffer that contains it at the same offsets.
 *
 * @param offset first byte
 * @param length bytes, 0 for none
 */
public record ByteRange(long offset, long length) {
  public ByteRange {
    if (offset < 0 || length < 0 || offset > Long.MAX_VALUE - length) {
      throw new IllegalArgumentException(
          "byte range: expected a non-negative offset and length, found %d+%d"
              .formatted(offset, length));
    }
  }

  /** Returns the range from one byte up to, but not including, another. */
  public static ByteRange between(long begin, long end) {
    return new ByteRange(begin, end - begin);
  }

  /** Returns the offset of the byte after the last. */
  public long end() {
    return offset + length;
  }
}
