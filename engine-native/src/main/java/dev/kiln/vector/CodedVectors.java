package dev.kiln.vector;

import dev.kiln.nativelib.NativeLibrary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Vectors of length 1 in one signed byte per value, with a scale per vector: a quarter of the bytes
 * of float32, and products that are exact integers. A cosine is off by about 0.0005 at 1,024
 * values.
 *
 * <p>With {@code m} the greatest magnitude of a value, the scale is {@code m / 127} and a code is
 * {@code round(value / scale)}.
 *
 * <p>Keeps the buffer reachable. Safe for reading by several threads.
 */
public final class CodedVectors {
  private static final int LARGEST_CODE = 127;

  private final ByteBuffer buffer;
  private final long address;
  private final int count;
  private final int dim;

  /**
   * Creates vectors over a buffer: {@code [count, dim]} codes, then {@code [count]} scales as
   * little-endian float32.
   *
   * @param buffer direct or mapped, of {@link #bytes} bytes
   * @param count number of vectors
   * @param dim length of a vector
   */
  public CodedVectors(ByteBuffer buffer, int count, int dim) {
    if (!buffer.isDirect() || buffer.capacity() != bytes(count, dim)) {
      throw new IllegalArgumentException(
          "codes: expected a direct buffer of %d bytes, found %d"
              .formatted(bytes(count, dim), buffer.capacity()));
    }
    NativeLibrary.KILN.load();
    this.buffer = buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    this.address = NativeVectors.addressOf(buffer);
    this.count = count;
    this.dim = dim;
  }

  /** Returns the size of a buffer in bytes. */
  public static long bytes(int count, int dim) {
    return (long) count * (dim + Float.BYTES);
  }

  /** Returns coded vectors in memory of their own, all zero. */
  public static CodedVectors allocate(int count, int dim) {
    return new CodedVectors(
        ByteBuffer.allocateDirect(Math.toIntExact(bytes(count, dim))), count, dim);
  }

  /** Returns the number of vectors. */
  public int count() {
    return count;
  }

  /** Returns the length of a vector. */
  public int dim() {
    return dim;
  }

  /**
   * Stores a vector.
   *
   * @param values has {@code dim} values from {@code offset}
   */
  public void set(int i, float[] values, int offset) {
    float largest = 0;
    for (int k = 0; k < dim; k++) {
      largest = Math.max(largest, Math.abs(values[offset + k]));
    }
    float inverse = largest > 0 ? LARGEST_CODE / largest : 0;
    int at = i * dim;
    for (int k = 0; k < dim; k++) {
      buffer.put(at + k, (byte) Math.rint(values[offset + k] * inverse));
    }
    buffer.putFloat(count * dim + i * Float.BYTES, largest / LARGEST_CODE);
  }

  /** Returns the dot product of a vector with one of other vectors of the same length. */
  public float dot(int i, CodedVectors others, int j) {
    if (others.dim != dim || i < 0 || i >= count || j < 0 || j >= others.count) {
      throw new IllegalArgumentException(
          "codes: expected numbers of vectors below %d and %d, found %d and %d"
              .formatted(count, others.count, i, j));
    }
    int product =
        NativeVectors.product(address + (long) i * dim, others.address + (long) j * dim, dim);
    return product * (scale(i) * others.scale(j));
  }

  private float scale(int i) {
    return buffer.getFloat(count * dim + i * Float.BYTES);
  }
}
