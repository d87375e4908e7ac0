package dev.kiln.quirks;

import static dev.kiln.quirks.Quirks.DECIBELS;
import static dev.kiln.quirks.Quirks.REFLECTANCE;
import static dev.kiln.quirks.Quirks.modis;
import static dev.kiln.quirks.Quirks.radar;
import static dev.kiln.quirks.Quirks.refused;
import static dev.kiln.quirks.Quirks.same;
import static dev.kiln.quirks.Quirks.sentinel2;

import dev.kiln.testing.GeoTiffs;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/** Scales that are stated for some bands only, or that are those of another product. */
final class ScaleTagQuirks {
  private static final String LANDSAT = "landsat-c2l2-sr";
  private static final String RADAR = "sentinel-1-rtc";
  private static final List<String> BANDS =
      List.of("red", "green", "blue", "nir08", "swir16", "swir22");

  /** Reflectance of Collection 2, × 0.0000275 − 0.2. */
  private static final GeoTiffs.Pixels COLLECTION_2 =
      (b, x, y) -> Math.round((REFLECTANCE.at(b, x, y) / 1e4 + 0.2) / 2.75e-5);

  private ScaleTagQuirks() {}

  private static QuirkScene landsat(String type, GeoTiffs.Pixels pixels) {
    return QuirkScene.of(type, 30, BANDS, pixels)
        .add("qa_pixel", "uint16", 30, List.of(), (b, x, y) -> 21824);
  }

  /** Snow, whose reflectance × 10,000 could be numbers of Collection 2. */
  private static QuirkScene snow() {
    return landsat("int16", (b, x, y) -> 7000 + REFLECTANCE.at(b, x, y));
  }

  static Stream<Quirk> all() {
    return Stream.of(ofSomeBands(), oddOnes(), ofOtherProducts(), decibels()).flatMap(s -> s);
  }

  private static Stream<Quirk> ofSomeBands() {
    Supplier<QuirkScene> plain = () -> modis(REFLECTANCE);
    return Stream.of(
        same(
            "scale of reflectance on the first band only",
            "modis",
            plain,
            () -> modis(REFLECTANCE).file(f -> f.bandScale(0, 1e-4, 0))),
        same(
            "scale of reflectance on all bands but one",
            "modis",
            plain,
            () ->
                modis(REFLECTANCE)
                    .file(
                        f -> {
                          for (int b = 0; b < 6; b++) {
                            f.bandScale(b, 1e-4, 0);
                          }
                        })),
        same(
            "scale of one band whose values have another unit",
            "modis",
            plain,
            () ->
                modis((b, x, y) -> (b == 2 ? 5 : 1) * REFLECTANCE.at(b, x, y))
                    .file(f -> f.bandScale(2, 0.2, 0))),
        same(
            "offset of Sentinel-2 in the tags of one band",
            "sentinel-2-l2a",
            () -> sentinel2(REFLECTANCE),
            () ->
                sentinel2((b, x, y) -> 1000 + REFLECTANCE.at(b, x, y))
                    .file(f -> f.bandScale(0, 1e-4, -0.1))
                    .item(s -> s.properties().remove("earthsearch:boa_offset_applied"))
                    .item(s -> s.properties().put("s2:processing_baseline", "05.09"))));
  }

  /** Tags of one band that differ from those of all others. */
  private static Stream<Quirk> oddOnes() {
    Supplier<QuirkScene> plain = () -> modis(REFLECTANCE);
    String others = "expected the scale and offset of the other bands";
    return Stream.of(
        refused(
            "another scale of one band",
            "modis",
            plain,
            () ->
                modis((b, x, y) -> 5 * REFLECTANCE.at(b, x, y))
                    .file(f -> f.scale(0.2, 0).bandScale(3, 0.1, 0)),
            "band sur_refl_b04: " + others + " (× 0.2 + 0.0), found × 0.1 + 0.0"),
        refused(
            "a scale of one band, whose values are those of the others",
            "modis",
            plain,
            () -> modis(REFLECTANCE).file(f -> f.bandScale(2, 0.2, 0)),
            others + " (× 1.0 + 0.0), found × 0.2 + 0.0"),
        refused(
            "a scale of one band that can be right, although the others are as stored",
            "modis",
            plain,
            () -> modis(REFLECTANCE).file(f -> f.scale(0.01, 0).bandScale(2, 0.02, 0)),
            others + " (× 0.01 + 0.0), found × 0.02 + 0.0"),
        refused(
            "another scale of one band, by the item",
            "linz",
            Quirks::linz,
            () ->
                QuirkScene.of(
                        "int16", 0.3, Quirks.RGB, (b, x, y) -> 10 * Quirks.PICTURE.at(b, x, y))
                    .item(s -> Quirks.stateScale(s, 0.1, 0))
                    .item(
                        s ->
                            ((ObjectNode) s.asset("data").path("raster:bands").get(1))
                                .put("scale", 0.05)),
            "band green: " + others),
        same(
            "another scale of one band that its values contradict",
            "modis",
            plain,
            () -> modis(REFLECTANCE).file(f -> f.scale(1e-4, 0).bandScale(2, 1e-2, 0))),
        same(
            "scales of all bands that differ",
            "modis",
            plain,
            () ->
                QuirkScene.of(
                        "uint16", 500, Quirks.MODIS, (b, x, y) -> (b + 2) * REFLECTANCE.at(b, x, y))
                    .file(
                        f -> {
                          for (int b = 0; b < 7; b++) {
                            f.bandScale(b, 1.0 / (b + 2), 0);
                          }
                        })),
        same(
            "one file of Sentinel-2 whose tags state the offset of all",
            "sentinel-2-l2a",
            () -> sentinel2(REFLECTANCE),
            () ->
                sentinel2((b, x, y) -> 1000 + REFLECTANCE.at(b, x, y))
                    .file(f -> f.bandScale(4, 1, -1000))
                    .item(s -> s.item.remove("collection"))
                    .item(s -> s.properties().remove("earthsearch:boa_offset_applied"))));
  }

  private static Stream<Quirk> ofOtherProducts() {
    Supplier<QuirkScene> plain = () -> landsat("uint16", COLLECTION_2);
    return Stream.of(
        same(
            "scale of Collection 2",
            LANDSAT,
            plain,
            () -> landsat("uint16", COLLECTION_2).file(f -> f.scale(2.75e-5, -0.2))),
        refused(
            "reflectance × 10,000 of Landsat, by the values",
            LANDSAT,
            plain,
            () -> landsat("int16", REFLECTANCE),
            "reflectance below 0"),
        refused(
            "reflectance × 10,000 of Landsat, by the file's scale",
            LANDSAT,
            plain,
            () -> snow().file(f -> f.scale(1e-4, 0)),
            "a scale to reflectance of 1.0E-4"),
        refused(
            "reflectance × 10,000 of Landsat, by the item's scale",
            LANDSAT,
            plain,
            () -> snow().item(s -> Quirks.stateScale(s, 1e-4, 0)),
            "a scale to reflectance of 1.0E-4"),
        refused(
            "reflectance × 10,000 of Landsat, by the collection",
            LANDSAT,
            plain,
            () -> snow().item(s -> s.item.put("collection", "HLSL30_2.0")),
            "found collection HLSL30_2.0"));
  }

  private static Stream<Quirk> decibels() {
    return Stream.of(
        same(
            "scale tags of decibels that are decibels already",
            RADAR,
            () -> radar(DECIBELS),
            () -> radar(DECIBELS).file(f -> f.scale(0.01, 0))),
        same(
            "one band in decibels × 100, by its tags",
            RADAR,
            () -> radar(DECIBELS),
            () ->
                radar((b, x, y) -> (b == 1 ? 100 : 1) * DECIBELS.at(b, x, y))
                    .file(f -> f.bandScale(1, 0.01, 0))),
        refused(
            "decibels × 100 as floats",
            RADAR,
            () -> radar(DECIBELS),
            () -> radar((b, x, y) -> 100 * DECIBELS.at(b, x, y) - x - 40.0 * y),
            "none is plausible"));
  }
}
