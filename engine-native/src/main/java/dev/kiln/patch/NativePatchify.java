package dev.kiln.patch;

import dev.kiln.memory.BandPlane;
import dev.kiln.memory.Strip;
import dev.kiln.nativelib.NativeLibrary;
import dev.kiln.type.DataType;
import dev.kiln.type.Patch;
import java.nio.ByteBuffer;

/**
 * Native implementation of patchify: a chip's raw pixels become the normalized rows of the first
 * matrix product, {@code [L, C·64]} in fp32 or bf16. {@code dev.kiln.infer.Patchify} defines the
 * contents of a row and is the reference: fp32 rows agree with it bit by bit, bf16 rows are these
 * rounded to nearest, ties to even.
 *
 * <p>Owns no native memory. Thread-safe.
 */
public final class NativePatchify {
  /** Positions of the fields of one plane: {@code kiln::PlaneFields} in {@code jni_arguments.h}. */
  static final class PlaneFields {
    static final int ADDRESS = 0;
    static final int TYPE = 1;
    static final int PIXEL_STRIDE = 2;
    static final int LINE_STRIDE = 3;
    static final int REPEAT = 4;

    /** Fields of one plane. */
    static final int COUNT = 5;

    private PlaneFields() {}
  }

  private final float[] statistics;
  private final int chipSize;

  /**
   * @param mean mean of each band
   * @param std standard deviation of each band
   * @param chipSize edge of a chip in pixels, a multiple of 8
   */
  public NativePatchify(float[] mean, float[] std, int chipSize) {
    if (mean.length != std.length || chipSize < Patch.SIZE || chipSize % Patch.SIZE != 0) {
      throw new IllegalArgumentException(
          "expected as many means as deviations and a chip size divisible by %d, found %d, %d and %d"
              .formatted(Patch.SIZE, mean.length, std.length, chipSize));
    }
    NativeLibrary.KILN.load();
    this.chipSize = chipSize;
    this.statistics = new float[2 * mean.length];
    for (int b = 0; b < mean.length; b++) {
      statistics[2 * b] = mean[b];
      statistics[2 * b + 1] = std[b];
    }
  }

  private int bands() {
    return statistics.length / 2;
  }

  /** Returns the bytes of a chip's rows. */
  public long chipBytes(DataType type) {
    return (long) chipSize * chipSize * bands() * type.bytes();
  }

  /**
   * Writes one chip's rows.
   *
   * @param strip raw planes, one per band
   * @param column grid column of the chip's left edge
   * @param row grid row of the chip's upper edge, relative to the strip
   * @param type fp32 or bf16
   * @param out direct buffer that receives {@link #chipBytes} from byte {@code outAt}
   * @throws IndexOutOfBoundsException if a pixel of the chip is outside the strip's memory, or the
   *     rows are outside {@code out}
   */
  public void write(Strip strip, int column, int row, DataType type, ByteBuffer out, long outAt) {
    if (type == DataType.FP16) {
      throw new IllegalArgumentException("patch rows: expected fp32 or bf16, found fp16");
    }
    if (strip.bands().size() != bands()) {
      throw new IllegalArgumentException(
          "planes of a strip: expected %d, found %d".formatted(bands(), strip.bands().size()));
    }
    if (column < 0 || row < 0) {
      throw new IndexOutOfBoundsException("chip at column " + column + ", row " + row);
    }
    if (!out.isDirect()) {
      throw new IllegalArgumentException(
          "patch rows: expected a direct buffer, found one on the heap");
    }
    if (outAt < 0 || outAt > out.capacity() - chipBytes(type)) {
      throw new IndexOutOfBoundsException(
          "rows of %d bytes at byte %d of %d".formatted(chipBytes(type), outAt, out.capacity()));
    }
    long[] planes = new long[bands() * PlaneFields.COUNT];
    for (int b = 0; b < bands(); b++) {
      BandPlane plane = strip.bands().get(b);
      check(plane, column, row, strip.pixels().size());
      int at = b * PlaneFields.COUNT;
      planes[at + PlaneFields.ADDRESS] = strip.pixels().address() + plane.offset();
      planes[at + PlaneFields.TYPE] = plane.type().code();
      planes[at + PlaneFields.PIXEL_STRIDE] = plane.pixelStride();
      planes[at + PlaneFields.LINE_STRIDE] = plane.lineStride();
      planes[at + PlaneFields.REPEAT] = plane.repeat();
    }
    boolean bf16 = type == DataType.BF16;
    if (!write(
        planes, statistics, column, row, chipSize, strip.radiometricOffset(), bf16, out, outAt)) {
      throw new OutOfMemoryError("patch rows: out of native memory");
    }
  }

  private void check(BandPlane plane, int column, int row, long size) {
    int right = (column + chipSize - 1) / plane.repeat();
    int bottom = (row + chipSize - 1) / plane.repeat();
    long first = plane.byteOf(column / plane.repeat(), row / plane.repeat());
    long last = plane.byteOf(right, bottom) + plane.type().bytes();
    if (plane.pixelStride() < 1 || plane.lineStride() < 1 || first < 0 || last > size) {
      throw new IndexOutOfBoundsException(
          "chip at column %d, row %d: bytes %d to %d of a strip of %d: %s"
              .formatted(column, row, first, last, size, plane));
    }
  }

  private static native boolean write(
      long[] planes,
      float[] statistics,
      int column,
      int row,
      int chipSize,
      int radiometricOffset,
      boolean bf16,
      ByteBuffer out,
      long at);
}
