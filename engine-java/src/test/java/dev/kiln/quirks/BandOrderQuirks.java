package dev.kiln.quirks;

import static dev.kiln.quirks.Quirks.PICTURE;
import static dev.kiln.quirks.Quirks.RGB;
import static dev.kiln.quirks.Quirks.linz;
import static dev.kiln.quirks.Quirks.radar;
import static dev.kiln.quirks.Quirks.refused;
import static dev.kiln.quirks.Quirks.same;

import dev.kiln.testing.GeoTiffs;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Descriptions of bands in the file that contradict the item, or seem to. */
final class BandOrderQuirks {
  private static final GeoTiffs.Pixels REVERSED = (b, x, y) -> PICTURE.at(2 - b, x, y);

  private BandOrderQuirks() {}

  private static QuirkScene named(String... names) {
    return QuirkScene.of("uint8", 0.3, RGB, REVERSED)
        .file(f -> f.option("PHOTOMETRIC=MINISBLACK").names(names));
  }

  private static QuirkScene described(String... names) {
    return QuirkScene.of("uint8", 0.3, RGB, REVERSED)
        .file(f -> f.option("PHOTOMETRIC=MINISBLACK"))
        .item(s -> describe(s, names));
  }

  /** Describes three bands in the item by names, and by descriptions with commas between them. */
  private static void describe(QuirkScene scene, String... texts) {
    ArrayNode bands = scene.asset("data").putArray("eo:bands");
    String[] descriptions = texts[3].split(",", -1);
    for (int i = 0; i < 3; i++) {
      ObjectNode band = bands.addObject().put("name", texts[i]);
      if (descriptions.length == 3) {
        band.put("description", descriptions[i]);
      }
    }
  }

  static Stream<Quirk> all() {
    return Stream.of(
        refused(
            "bands in another order than the item says, by descriptions",
            "linz",
            Quirks::linz,
            () -> named("Blue", "Green", "Red"),
            "band 1: expected red, because the item says so, found blue"),
        refused(
            "bands in another order than the item says, by letters",
            "linz",
            Quirks::linz,
            () -> named("B", "G", "R"),
            "found blue"),
        refused(
            "undescribed bands in another order, by words",
            "linz",
            Quirks::linz,
            () ->
                named("blue band", "green band", "red band")
                    .item(s -> s.asset("data").remove("eo:bands")),
            "because the item does not describe its bands, found blue"),
        refused(
            "polarisations in another order than the item says",
            "sentinel-1-rtc",
            () -> radar(Quirks.DECIBELS),
            () -> radar(Quirks.DECIBELS).file(f -> f.names("Gamma0_VH", "Gamma0_VV")),
            "band 1: expected vv"),
        refused(
            "bands that the item names in another language",
            "linz",
            Quirks::linz,
            () -> described("azul", "verde", "rojo", ""),
            "found data (azul verde rojo)"),
        refused(
            "bands that the item numbers, described in another order",
            "linz",
            Quirks::linz,
            () -> described("1", "2", "3", "Blue,Green,Red"),
            "found data (1 2 3)"),
        refused(
            "undescribed bands with other numbers than their own",
            "linz",
            Quirks::linz,
            () -> named("Band 3", "Band 2", "Band 1").item(s -> s.asset("data").remove("eo:bands")),
            "found 3 (Band 3, Band 2, Band 1)"),
        refused(
            "undescribed bands with unknown names",
            "linz",
            Quirks::linz,
            () -> named("B8", "B4", "B3").item(s -> s.asset("data").remove("eo:bands")),
            "found 3 (B8, B4, B3)"),
        refused(
            "more undescribed bands than the platform has",
            "linz",
            Quirks::linz,
            () ->
                named()
                    .file(f -> f.bands(5).pixels(PICTURE))
                    .item(s -> s.asset("data").remove("eo:bands")),
            "found 5 (unnamed"),
        refused(
            "a plain file of false colours",
            "linz",
            Quirks::linz,
            () ->
                named()
                    .file(f -> f.colours("Undefined", "Red", "Green"))
                    .alone("ortho_20230615.tif"),
            "found 3 (undefined, red, green): state them with --bands"),
        refused(
            "a plain file in another colour space",
            "linz",
            Quirks::linz,
            () ->
                named()
                    .file(f -> f.colours("Hue", "Saturation", "Lightness"))
                    .alone("ortho_20230615.tif"),
            "found 3 (hue, saturation, lightness)"),
        same(
            "bands that the item numbers",
            "linz",
            Quirks::linz,
            () -> linz().item(s -> describe(s, "b1", "b2", "b3", ""))),
        same(
            "bands that are described for the item, not for its only image",
            "linz",
            Quirks::linz,
            () ->
                QuirkScene.of("uint8", 0.3, List.of("blue", "green", "red"), REVERSED)
                    .file(f -> f.option("PHOTOMETRIC=MINISBLACK"))
                    .item(s -> s.properties().set("bands", s.asset("data").remove("eo:bands")))),
        same(
            "descriptions that only number the bands",
            "linz",
            Quirks::linz,
            () -> linz().file(f -> f.names("Band 3", "Band_1", "2"))),
        same(
            "colours that every program tags",
            "linz",
            Quirks::linz,
            () ->
                QuirkScene.of("uint8", 0.3, List.of("blue", "green", "red"), REVERSED)
                    .file(f -> f.option("PHOTOMETRIC=RGB"))));
  }
}
