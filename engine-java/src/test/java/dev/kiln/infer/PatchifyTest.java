package dev.kiln.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.kiln.memory.BandPlane;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.type.DataType;
import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class PatchifyTest {
  private static final Platform TWO_BANDS =
      new Platform("p", 10, List.of(new Band("fine", 1, 100, 20), new Band("coarse", 1, 30, 5)));
  private static final Platform ONE_BAND =
      new Platform("p", 10, List.of(new Band("b", 1, 100, 20)));

  private Strip strip;

  @AfterEach
  void close() {
    strip.close();
  }

  @Test
  void laysOutPatchesByBandLineAndPixel() {
    int width = 40;
    int rows = 24;
    strip =
        new Strip(
            HostBuffer.allocate("test", width * rows * 2 + 20 * 12),
            List.of(
                new BandPlane(PixelType.UINT16, 0, width, rows, 2, width * 2, 1),
                new BandPlane(PixelType.UINT8, width * rows * 2, 20, 12, 1, 20, 2)),
            48,
            rows);
    for (int y = 0; y < rows; y++) {
      for (int x = 0; x < width; x++) {
        strip.raw().putShort((y * width + x) * 2, (short) (40000 + y * width + x));
      }
    }
    for (int i = 0; i < 20 * 12; i++) {
      strip.raw().put(width * rows * 2 + i, (byte) (10 + i));
    }
    Patchify rowsOf = new Patchify(TWO_BANDS, 16);
    FloatBuffer out = FloatBuffer.allocate(3 + rowsOf.chipLength());
    out.put(0, -1).put(2, -1);

    rowsOf.write(strip, 24, 56, out, 3);

    assertThat(rowsOf.tokens()).isEqualTo(4);
    assertThat(rowsOf.rowLength()).isEqualTo(128);
    assertThat(out.get(2)).isEqualTo(-1);
    for (int patch = 0; patch < 4; patch++) {
      for (int i = 0; i < 64; i++) {
        int x = 24 + patch % 2 * 8 + i % 8;
        int y = 8 + patch / 2 * 8 + i / 8;
        float fine = 40000 + y * width + x;
        float coarse = (10 + y / 2 * 20 + x / 2) & 0xFF;
        assertThat(out.get(3 + patch * 128 + i)).isEqualTo((fine - 100) / 20);
        assertThat(out.get(3 + patch * 128 + 64 + i)).isEqualTo((coarse - 30) / 5);
      }
    }
  }

  private float[] one(PixelType type, int offset, double... pixels) {
    strip =
        new Strip(
            HostBuffer.allocate("test", 64L * type.bytes()),
            List.of(new BandPlane(type, 0, 8, 8, type.bytes(), 8L * type.bytes(), 1)),
            0,
            8,
            offset);
    for (int i = 0; i < pixels.length; i++) {
      switch (type) {
        case UINT8 -> strip.raw().put(i, (byte) pixels[i]);
        case UINT16, INT16 -> strip.raw().putShort(2 * i, (short) (int) pixels[i]);
        case FLOAT32 -> strip.raw().putFloat(4 * i, (float) pixels[i]);
      }
    }
    float[] out = new float[64];
    new Patchify(ONE_BAND, 8).write(strip, 0, 0, FloatBuffer.wrap(out), 0);
    return out;
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0", // no data stays no data
    "1, 1",
    "999, 1",
    "1000, 1",
    "1001, 1",
    "1002, 2",
    "2500, 1500",
    "65535, 64535",
  })
  void removesTheRadiometricOffset(int stored, int meant) {
    assertThat(one(PixelType.UINT16, -1000, stored)[0]).isEqualTo((meant - 100f) / 20);
  }

  @Test
  void keepsStoredValuesWithoutAnOffset() {
    float[] row = one(PixelType.UINT16, 0, 0, 1, 1000);

    assertThat(row).startsWith(-5f, -4.95f, 45f);
  }

  @Test
  void negativeValuesStayNegative() {
    assertThat(one(PixelType.INT16, 0, -28672)[0]).isEqualTo((-28672 - 100f) / 20);
  }

  @Test
  void floatsThatAreNotFiniteBecomeTheMean() {
    float[] row =
        one(
            PixelType.FLOAT32,
            0,
            Double.NaN,
            Double.NEGATIVE_INFINITY,
            Double.POSITIVE_INFINITY,
            -12.5);

    assertThat(row).startsWith(0, 0, 0, (-12.5f - 100) / 20);
  }

  @Test
  void floatsThatAreNotPlausibleBecomeTheMean() {
    float[] row = one(PixelType.FLOAT32, 0, 1e30, -3.4028235e38, 2101, -1901, 2099, -1899);

    assertThat(row).startsWith(0, 0, 0, 0, (2099f - 100) / 20, (-1899f - 100) / 20);
  }

  /**
   * All types, alone and with other bands, at coarser resolution, starting within a stored pixel,
   * and divided into spans.
   */
  static Stream<Arguments> planes() {
    return Stream.of(PixelType.values())
        .flatMap(
            type ->
                IntStream.of(1, 2, 3, 4, 5)
                    .boxed()
                    .flatMap(
                        bands ->
                            IntStream.of(1, 2, 3, 6)
                                .mapToObj(repeat -> Arguments.of(type, bands, repeat))));
  }

  @ParameterizedTest
  @MethodSource("planes")
  void nativeRowsAreEqual(PixelType type, int bands, int repeat) {
    for (int chip : new int[] {8, 16, 40, 264, 520}) {
      for (int offset : type == PixelType.UINT8 ? new int[] {0} : new int[] {0, -1000}) {
        if (strip != null) {
          strip.close();
        }
        strip = noise(type, bands, repeat, chip + 13, offset);
        sameRows(new Patchify(platform(bands), chip), 7, 35);
      }
    }
  }

  /** Pixel-interleaved noise from grid row 30 on, with all kinds of floats. */
  private static Strip noise(PixelType type, int bands, int repeat, int edge, int offset) {
    int width = (edge + repeat - 1) / repeat;
    HostBuffer pixels = HostBuffer.allocate("test", (long) width * width * bands * type.bytes());
    ByteBuffer bytes = pixels.slice(0, Math.toIntExact(pixels.size()));
    SplittableRandom random = new SplittableRandom(7);
    while (bytes.hasRemaining()) {
      bytes.put((byte) random.nextInt());
    }
    if (type == PixelType.FLOAT32) {
      FloatBuffer floats = bytes.flip().asFloatBuffer();
      float[] odd = {
        0, -0f, Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, 1001, 1e30f, -3.4e38f
      };
      for (int i = 0; i < floats.capacity(); i++) {
        int kind = random.nextInt(12);
        floats.put(i, kind < odd.length ? odd[kind] : (float) random.nextDouble(-9, 9999));
      }
    }
    List<BandPlane> planes =
        IntStream.range(0, bands)
            .mapToObj(
                b ->
                    new BandPlane(
                        type,
                        (long) b * type.bytes(),
                        width,
                        width,
                        bands * type.bytes(),
                        (long) width * bands * type.bytes(),
                        repeat))
            .toList();
    return new Strip(pixels, planes, 30, edge, offset);
  }

  private static Platform platform(int bands) {
    return new Platform(
        "p",
        10,
        IntStream.range(0, bands)
            .mapToObj(b -> new Band("b" + b, 1, 110.16 + b, 47.23 / (b + 1)))
            .toList());
  }

  private void sameRows(Patchify rows, int column, int row) {
    int length = rows.chipLength();
    FloatBuffer expected = FloatBuffer.allocate(length);
    rows.write(strip, column, row, expected, 0);
    ByteBuffer exact = direct((length + 2) * Float.BYTES);
    rows.write(strip, column, row, DataType.FP32, exact, 1);
    ByteBuffer half = direct((length + 2) * Short.BYTES);
    rows.write(strip, column, row, DataType.BF16, half, 1);
    for (int i = 0; i < length; i++) {
      int bits = Float.floatToRawIntBits(expected.get(i));
      int found = exact.getInt((i + 1) * Float.BYTES);
      int rounded = half.getShort((i + 1) * Short.BYTES) & 0xFFFF;
      if (found != bits || rounded != roundToEven(bits)) {
        fail("value %d of a chip row: %x and %x, not %x".formatted(i, found, rounded, bits));
      }
    }
    assertThat(new int[] {exact.getInt(0), exact.getInt((length + 1) * Float.BYTES)})
        .containsExactly(0, 0);
    assertThat(new int[] {half.getShort(0), half.getShort((length + 1) * Short.BYTES)})
        .containsExactly(0, 0);
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  /**
   * The definition of rounding: the nearer of the two neighbours; of equally near ones, the even.
   */
  private static int roundToEven(int bits) {
    int below = bits >>> 16;
    int rest = bits & 0xFFFF;
    boolean up = rest > 0x8000 || rest == 0x8000 && (below & 1) == 1;
    return up ? below + 1 : below;
  }

  @Test
  void nativeCodeStaysInItsMemory() {
    strip =
        new Strip(
            HostBuffer.allocate("test", 8 * 15),
            List.of(new BandPlane(PixelType.UINT8, 0, 8, 16, 1, 8, 1)),
            0,
            16);
    Patchify rows = new Patchify(ONE_BAND, 8);
    ByteBuffer out = direct(64 * Float.BYTES);

    rows.write(strip, 0, 7, DataType.FP32, out, 0);
    assertThatThrownBy(() -> rows.write(strip, 0, 8, DataType.FP32, out, 0))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContaining("of a strip of 120");
    assertThatThrownBy(() -> rows.write(strip, -1, 0, DataType.FP32, out, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> rows.write(strip, 0, 0, DataType.FP32, out, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> rows.write(strip, 0, 0, DataType.FP32, out, -1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> rows.write(strip, 0, 0, DataType.FP32, ByteBuffer.allocate(1024), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("direct");
    strip.close();
    assertThatThrownBy(() -> rows.write(strip, 0, 0, DataType.FP32, out, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void rejectsAChipOutsideTheStrip() {
    strip =
        new Strip(
            HostBuffer.allocate("test", 64),
            List.of(new BandPlane(PixelType.UINT8, 0, 8, 8, 1, 8, 1)),
            16,
            8);
    Patchify rows = new Patchify(ONE_BAND, 8);
    FloatBuffer out = FloatBuffer.allocate(64);

    assertThatThrownBy(() -> rows.write(strip, 0, 8, out, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> rows.write(strip, 0, 24, out, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Patchify(TWO_BANDS, 8).write(strip, 0, 16, out, 0))
        .hasMessageContaining("expected 2 planes, found 1");
    assertThatThrownBy(() -> new Patchify(ONE_BAND, 12)).hasMessageContaining("multiple of 8");
  }
}
