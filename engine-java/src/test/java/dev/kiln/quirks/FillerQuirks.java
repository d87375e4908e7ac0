package dev.kiln.quirks;

import static dev.kiln.quirks.Quirks.gap;
import static dev.kiln.quirks.Quirks.linz;
import static dev.kiln.quirks.Quirks.mean;
import static dev.kiln.quirks.Quirks.modis;
import static dev.kiln.quirks.Quirks.radar;
import static dev.kiln.quirks.Quirks.same;

import dev.kiln.testing.GeoTiffs;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Fillers of files whose nodata value is another one, or one that their type cannot store. */
final class FillerQuirks {
  private static final String MODIS = "modis";

  private FillerQuirks() {}

  private static GeoTiffs.Pixels filled(double filler) {
    return (b, x, y) -> gap(x) ? filler : Quirks.REFLECTANCE.at(b, x, y);
  }

  private static QuirkScene meanInGaps() {
    return modis((b, x, y) -> gap(x) ? Math.round(mean(MODIS, b)) : Quirks.REFLECTANCE.at(b, x, y));
  }

  private static Quirk declared(double nodata, int filler) {
    return same(
        "nodata %s, but gaps of %d".formatted(nodata, filler),
        MODIS,
        FillerQuirks::meanInGaps,
        () -> modis(filled(filler)).file(f -> f.nodata(nodata)));
  }

  private static Quirk floats(double filler) {
    return same(
        "undeclared filler %s of reflectance as floats".formatted(filler),
        MODIS,
        FillerQuirks::meanInGaps,
        () -> QuirkScene.of("float32", 500, Quirks.MODIS, filled(filler)));
  }

  static Stream<Quirk> all() {
    GeoTiffs.Pixels decibels = Quirks.DECIBELS;
    Supplier<QuirkScene> gaps = () -> radar((b, x, y) -> gap(x) ? Float.NaN : decibels.at(b, x, y));
    return Stream.of(
        declared(65535, -28672),
        declared(Double.NaN, -9999),
        declared(0.5, -32768),
        declared(0, -28672),
        declared(0, -9999),
        declared(-28672, -9999),
        same(
            "nodata of the item, but other gaps",
            MODIS,
            FillerQuirks::meanInGaps,
            () -> modis(filled(-28672)).item(s -> s.asset("data").put("nodata", 0))),
        same(
            "undeclared filler 32767 of signed integers",
            MODIS,
            FillerQuirks::meanInGaps,
            () -> modis(filled(32767))),
        same(
            "nodata 32767 in one band only",
            MODIS,
            () ->
                modis(
                    (b, x, y) ->
                        b == 5 && gap(x)
                            ? Math.round(mean(MODIS, b))
                            : Quirks.REFLECTANCE.at(b, x, y)),
            () ->
                modis((b, x, y) -> b == 5 && gap(x) ? 32767 : Quirks.REFLECTANCE.at(b, x, y))
                    .file(f -> f.nodata(32767))),
        floats(32767),
        floats(-28672),
        floats(-10000),
        floats(-11111.5),
        same(
            "nodata with a fraction, which GDAL drops",
            "linz",
            () ->
                linz()
                    .file(f -> f.nodata(9))
                    .file(f -> f.pixels((b, x, y) -> gap(x) ? 9 : Quirks.PICTURE.at(b, x, y))),
            () ->
                linz()
                    .file(f -> f.nodata(9.0000001))
                    .file(f -> f.pixels((b, x, y) -> gap(x) ? 9 : Quirks.PICTURE.at(b, x, y)))),
        same(
            "the logarithm of a small number in gaps",
            "sentinel-1-rtc",
            gaps,
            () -> radar((b, x, y) -> gap(x) ? -100 : decibels.at(b, x, y))),
        same(
            "decibels times 100 by tags, undeclared gaps of 0",
            "sentinel-1-rtc",
            gaps,
            () ->
                QuirkScene.of(
                        "int16",
                        10,
                        Quirks.RADAR,
                        (b, x, y) -> gap(x) ? 0 : Math.round(100 * decibels.at(b, x, y)))
                    .file(f -> f.scale(0.01, 0))));
  }
}
