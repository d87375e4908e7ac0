package dev.kiln.quirks;

import static dev.kiln.quirks.Quirks.PICTURE;
import static dev.kiln.quirks.Quirks.gap;
import static dev.kiln.quirks.Quirks.linz;
import static dev.kiln.quirks.Quirks.refused;
import static dev.kiln.quirks.Quirks.same;

import dev.kiln.testing.GeoTiffs;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Alpha bands that are not the last band, have fractions, or are not what they are taken for. */
final class AlphaQuirks {
  private AlphaQuirks() {}

  /** Red, green, blue, alpha and near infrared, as drones store them. */
  private static QuirkScene beforeTheLast(String interleave) {
    return linz()
        .file(
            f ->
                f.bands(5)
                    .option("PHOTOMETRIC=RGB")
                    .option("ALPHA=NO")
                    .option(interleave)
                    .alpha(3)
                    .pixels((b, x, y) -> b == 3 ? gap(x) ? 0 : 255 : PICTURE.at(b, x, y)));
  }

  private static QuirkScene flippedOpacity(String type, double opacity) {
    GeoTiffs.Pixels pixels = (b, x, y) -> b == 3 ? gap(x) ? 0 : opacity : PICTURE.at(b, x, y);
    return QuirkScene.of(type, 0.3, Quirks.RGB, PICTURE)
        .file(f -> f.bands(4).option("PHOTOMETRIC=RGB").option("ALPHA=YES"))
        .file(Quirks.flipped(pixels, 0.3, 2 * QuirkScene.CHIP, QuirkScene.CHIP, true, true));
  }

  private static QuirkScene naip(GeoTiffs.Pixels pixels) {
    return QuirkScene.of("uint8", 1, List.of("red", "green", "blue", "nir"), pixels);
  }

  private static QuirkScene tagged(GeoTiffs.Pixels pixels) {
    return naip(pixels).file(f -> f.option("PHOTOMETRIC=RGB").option("ALPHA=YES"));
  }

  static Stream<Quirk> all() {
    Supplier<QuirkScene> holes =
        () -> linz().file(f -> f.nodata(9).pixels((b, x, y) -> gap(x) ? 9 : PICTURE.at(b, x, y)));
    return Stream.of(
        same("alpha before the last band", "linz", holes, () -> beforeTheLast("INTERLEAVE=PIXEL")),
        same(
            "alpha before the last band, planar",
            "linz",
            holes,
            () -> beforeTheLast("INTERLEAVE=BAND")),
        same(
            "opacity of 0.4 as float",
            "linz",
            () ->
                QuirkScene.of(
                    "float32",
                    0.3,
                    Quirks.RGB,
                    (b, x, y) -> gap(x) ? Float.NaN : PICTURE.at(b, x, y)),
            () ->
                QuirkScene.of("float32", 0.3, Quirks.RGB, PICTURE)
                    .file(
                        f ->
                            f.bands(4)
                                .option("PHOTOMETRIC=RGB")
                                .option("ALPHA=YES")
                                .pixels(
                                    (b, x, y) -> b == 3 ? gap(x) ? 0 : 0.4 : PICTURE.at(b, x, y)))),
        same(
            "opacity as float, south-up and east-left",
            "linz",
            () ->
                QuirkScene.of(
                    "float32",
                    0.3,
                    Quirks.RGB,
                    (b, x, y) -> gap(x) ? Float.NaN : PICTURE.at(b, x, y)),
            () -> flippedOpacity("float32", 0.4)),
        same(
            "negative opacity, south-up and east-left",
            "linz",
            holes,
            () -> flippedOpacity("int16", -1)),
        same(
            "near infrared that is tagged as alpha",
            "naip",
            () -> naip(PICTURE).file(f -> f.option("ALPHA=NO")),
            () -> tagged(PICTURE)),
        refused(
            "opacity instead of near infrared",
            "naip",
            () -> naip(PICTURE),
            () -> tagged((b, x, y) -> b == 3 ? gap(x) ? 0 : 255 : PICTURE.at(b, x, y)),
            "found an alpha band"),
        refused(
            "opacity with soft edges instead of near infrared",
            "naip",
            () -> naip(PICTURE),
            () ->
                tagged(
                    (b, x, y) -> b == 3 ? gap(x) ? 80 + 9 * y : 254 + x % 2 : PICTURE.at(b, x, y)),
            "found an alpha band"),
        refused(
            "opacity that is not tagged instead of near infrared",
            "naip",
            () -> naip(PICTURE),
            () ->
                naip((b, x, y) -> b == 3 ? gap(x) ? 0 : 255 : PICTURE.at(b, x, y))
                    .file(f -> f.option("ALPHA=NO")),
            "found an alpha band"));
  }
}
