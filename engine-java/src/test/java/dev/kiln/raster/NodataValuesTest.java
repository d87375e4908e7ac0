package dev.kiln.raster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.memory.BandPlane;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodataValuesTest {
  private static final float MEAN = 110.4f;
  private static final float STD = 30;
  private static final int CHIP = 8;
  private static final OptionalDouble NONE = OptionalDouble.empty();

  private final List<Strip> strips = new ArrayList<>();

  @AfterEach
  void close() {
    strips.forEach(Strip::close);
  }

  /** Planar bands of 16 × 8 pixels of value 1. */
  private Strip strip(PixelType type, int bands) {
    int bytes = 16 * CHIP * type.bytes();
    Strip strip =
        new Strip(
            HostBuffer.allocate("test", (long) bytes * bands),
            IntStream.range(0, bands)
                .mapToObj(
                    b ->
                        new BandPlane(
                            type, (long) b * bytes, 16, CHIP, type.bytes(), 16 * type.bytes(), 1))
                .toList(),
            24,
            CHIP);
    strips.add(strip);
    for (int b = 0; b < bands; b++) {
      for (int i = 0; i < 16 * CHIP; i++) {
        put(strip, b, i % 16, i / 16, 1);
      }
    }
    return strip;
  }

  private static void put(Strip strip, int band, int x, int y, double value) {
    BandPlane plane = strip.bands().get(band);
    ByteBuffer raw = strip.raw();
    int at = (int) plane.byteOf(x, y);
    switch (plane.type()) {
      case UINT8 -> raw.put(at, (byte) value);
      case UINT16, INT16 -> raw.putShort(at, (short) (int) value);
      case FLOAT32 -> raw.putFloat(at, (float) value);
    }
  }

  private static double share(Strip strip, int column, OptionalDouble... values) {
    return apply(strip, values).share(column, 24, CHIP);
  }

  private static MissingPixels apply(Strip strip, OptionalDouble... values) {
    StripWindow window =
        new StripWindow(
            24,
            CHIP,
            0,
            16,
            new StripWindow.Span(3, 4),
            new StripWindow.Span(0, 2),
            List.of(new StripWindow.Span(0, 16)),
            true);
    NodataValues nodata =
        new NodataValues(
            Stream.of(values)
                .map(value -> new BandNodata(value.stream().toArray(), MEAN, STD))
                .toList(),
            true);
    FileValidity valid =
        new FileValidity(Stream.of(values).map(v -> Optional.<FileValidity.Plane>empty()).toList());
    MissingPixels missing = nodata.find(strip, window, valid);
    nodata.blank(strip, window, valid, missing);
    return missing;
  }

  @ParameterizedTest
  @CsvSource({"UINT8, 255", "UINT16, 65535", "UINT16, 0", "INT16, -28672", "FLOAT32, -9999"})
  void countsPixelsWithTheValue(PixelType type, double nodata) {
    Strip strip = strip(type, 1);
    for (int y = 0; y < 4; y++) {
      put(strip, 0, 8 + y, y, nodata);
    }

    assertThat(share(strip, 8, OptionalDouble.of(nodata))).isEqualTo(4 / 64.0);
    assertThat(share(strip, 0, OptionalDouble.of(nodata))).isZero();
  }

  @Test
  void aPixelHasDataIfAnyBandHas() {
    Strip strip = strip(PixelType.UINT16, 3);
    for (int y = 0; y < 6; y++) {
      put(strip, 0, 0, y, 0);
      put(strip, 2, 0, y + 2, 7);
    }

    assertThat(share(strip, 0, OptionalDouble.of(0), OptionalDouble.of(0), OptionalDouble.of(7)))
        .as("the second band holds data everywhere")
        .isZero();
    assertThat(share(strip, 0, OptionalDouble.of(0), NONE, OptionalDouble.of(7)))
        .as("a band that cannot say does not count")
        .isEqualTo(4 / 64.0);
  }

  @Test
  void withoutAValueAllPixelsAreData() {
    Strip strip = strip(PixelType.UINT8, 2);
    put(strip, 0, 0, 0, 0);
    put(strip, 1, 0, 0, 0);

    assertThat(share(strip, 0, NONE, NONE)).isZero();
  }

  @Test
  void floatsThatAreNotPlausibleAreNoData() {
    Strip strip = strip(PixelType.FLOAT32, 1);
    put(strip, 0, 0, 0, Double.NaN);
    put(strip, 0, 1, 0, Double.NEGATIVE_INFINITY);
    put(strip, 0, 2, 0, -32768);
    put(strip, 0, 3, 0, -3.4e38);
    put(strip, 0, 4, 0, 1e30);
    put(strip, 0, 5, 0, -50);

    assertThat(share(strip, 0, NONE)).isEqualTo(5 / 64.0);
    assertThat(share(strip, 0, OptionalDouble.of(Double.NaN))).isEqualTo(5 / 64.0);
    assertThat(share(strip, 0, OptionalDouble.of(-50))).isEqualTo(6 / 64.0);
  }

  @Test
  void blanksFloatsToNanAndIntegersToTheMean() {
    Strip floats = strip(PixelType.FLOAT32, 2);
    put(floats, 0, 3, 2, -98);
    put(floats, 1, 3, 2, -98);
    Strip integers = strip(PixelType.INT16, 1);
    put(integers, 0, 3, 2, -9999);
    put(integers, 0, 4, 2, 0);

    apply(floats, OptionalDouble.of(-98), NONE);
    apply(integers, OptionalDouble.of(-9999));

    assertThat(floats.raw().getFloat((int) floats.bands().get(0).byteOf(3, 2))).isNaN();
    assertThat(floats.raw().getFloat((int) floats.bands().get(0).byteOf(2, 2))).isEqualTo(1);
    assertThat(floats.raw().getFloat((int) floats.bands().get(1).byteOf(3, 2))).isEqualTo(-98);
    assertThat(get(integers, 0, 3, 2)).isEqualTo(Math.round(MEAN));
    assertThat(get(integers, 0, 4, 2)).isZero();
  }

  @Test
  void keepsZeroAsIntegerNodata() {
    Strip strip = strip(PixelType.UINT16, 1);
    put(strip, 0, 3, 2, 0);

    assertThat(apply(strip, OptionalDouble.of(0)).share(0, 24, CHIP)).isEqualTo(1 / 64.0);
    assertThat(get(strip, 0, 3, 2)).isZero();
  }

  @Test
  void blanksAnOrdinaryIntegerOnlyWhereAllBandsAreMissing() {
    Strip strip = strip(PixelType.UINT8, 2);
    put(strip, 0, 3, 2, 255);
    put(strip, 0, 4, 2, 255);
    put(strip, 1, 4, 2, 255);

    apply(strip, OptionalDouble.of(255), OptionalDouble.of(255));

    assertThat(get(strip, 0, 3, 2)).as("saturated in one band").isEqualTo(255);
    assertThat(get(strip, 0, 4, 2)).isEqualTo(Math.round(MEAN));
    assertThat(get(strip, 1, 4, 2)).isEqualTo(Math.round(MEAN));
  }

  @Test
  void blanksToTheMeanBeforeTheRadiometricOffset() {
    Strip strip = strip(PixelType.UINT16, 1).withRadiometricOffset(-1000);
    put(strip, 0, 3, 2, 65535);

    apply(strip, OptionalDouble.of(65535));

    assertThat(get(strip, 0, 3, 2)).isEqualTo(1000 + Math.round(MEAN));
  }

  private static int get(Strip strip, int band, int x, int y) {
    return (int) strip.bands().get(band).value(strip.raw(), x, y);
  }

  @Test
  void aCoarsePixelCountsForAllGridPixels() {
    Strip strip =
        new Strip(
            HostBuffer.allocate("test", 8 * 4),
            List.of(new BandPlane(PixelType.UINT8, 0, 8, 4, 1, 8, 2)),
            24,
            CHIP);
    strips.add(strip);
    for (int i = 0; i < 32; i++) {
      strip.raw().put(i, (byte) (i == 9 ? 0 : 1));
    }

    assertThat(share(strip, 0, OptionalDouble.of(0))).isEqualTo(4 / 64.0);
  }
}
