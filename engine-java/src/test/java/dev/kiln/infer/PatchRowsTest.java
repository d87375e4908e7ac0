package dev.kiln.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.memory.BandPlane;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.PixelType;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PatchRowsTest {
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
    PatchRows rowsOf = new PatchRows(TWO_BANDS, 16);
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
    new PatchRows(ONE_BAND, 8).write(strip, 0, 0, FloatBuffer.wrap(out), 0);
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
  void takesTheRadiometricOffsetAway(int stored, int meant) {
    assertThat(one(PixelType.UINT16, -1000, stored)[0]).isEqualTo((meant - 100f) / 20);
  }

  @Test
  void takesStoredValuesAsTheyAreWithoutOne() {
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
  void refusesAChipOutsideTheStrip() {
    strip =
        new Strip(
            HostBuffer.allocate("test", 64),
            List.of(new BandPlane(PixelType.UINT8, 0, 8, 8, 1, 8, 1)),
            16,
            8);
    PatchRows rows = new PatchRows(ONE_BAND, 8);
    FloatBuffer out = FloatBuffer.allocate(64);

    assertThatThrownBy(() -> rows.write(strip, 0, 8, out, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> rows.write(strip, 0, 24, out, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new PatchRows(TWO_BANDS, 8).write(strip, 0, 16, out, 0))
        .hasMessageContaining("1 planes, 2 expected");
    assertThatThrownBy(() -> new PatchRows(ONE_BAND, 12)).hasMessageContaining("multiple of 8");
  }
}
