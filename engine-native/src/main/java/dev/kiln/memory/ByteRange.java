package dev.kiln.memory;

/**
 * A run of bytes of an object, or of the buffer that holds it at the same offsets.
 *
 * @param offset first byte
 * @param length bytes, 0 for none
 */
public record ByteRange(long offset, long length) {
  public ByteRange {
    if (offset < 0 || length < 0 || offset > Long.MAX_VALUE - length) {
      throw new IllegalArgumentException("no range: " + length + " bytes from " + offset);
    }
  }

  /** The range from one byte up to, not including, another. */
  public static ByteRange between(long begin, long end) {
    return new ByteRange(begin, end - begin);
  }

  /** The byte after the last. */
  public long end() {
    return offset + length;
  }
}
