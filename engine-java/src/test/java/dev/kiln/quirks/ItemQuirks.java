package dev.kiln.quirks;

import static dev.kiln.quirks.Quirks.PICTURE;
import static dev.kiln.quirks.Quirks.RGB;
import static dev.kiln.quirks.Quirks.linz;
import static dev.kiln.quirks.Quirks.refused;
import static dev.kiln.quirks.Quirks.same;
import static dev.kiln.quirks.Quirks.sentinel2;

import dev.kiln.testing.GeoTiffs;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Items that describe some bands of a file only, other bands than the file, or bands twice. */
final class ItemQuirks {
  /** Bands of PlanetScope, of which red, green and blue are the sixth, fourth and second. */
  private static final String[] EIGHT = {
    "coastal blue", "Blue", "Green I", "Green", "Yellow", "Red", "RedEdge", "NIR"
  };

  private static final int[] BAND_OF_EIGHT = {7, 2, 5, 1, 4, 0, 6, 3};

  private ItemQuirks() {}

  /** A file of eight bands, of which the item describes three. */
  private static QuirkScene eight(String... names) {
    return QuirkScene.of("uint8", 0.3, RGB, PICTURE)
        .file(
            f ->
                f.bands(8)
                    .option("PHOTOMETRIC=MINISBLACK")
                    .names(names)
                    .pixels((b, x, y) -> PICTURE.at(BAND_OF_EIGHT[b] % 4, x, y)));
  }

  private static QuirkScene named(String... names) {
    return linz().file(f -> f.option("PHOTOMETRIC=MINISBLACK").names(names));
  }

  /** Adds the list of STAC 1.1 beside that of the extension. */
  private static void list(QuirkScene scene, String... names) {
    ArrayNode bands = scene.asset("data").putArray("bands");
    for (String name : names) {
      bands.addObject().put("name", name);
    }
  }

  private static ObjectNode band(QuirkScene scene, String list, int index) {
    ArrayNode bands = scene.asset("data").withArrayProperty(list);
    while (bands.size() <= index) {
      bands.addObject();
    }
    return (ObjectNode) bands.get(index);
  }

  static Stream<Quirk> all() {
    return Stream.of(partial(), contradictory(), twice()).flatMap(s -> s);
  }

  private static Stream<Quirk> partial() {
    GeoTiffs.Pixels four = (b, x, y) -> b == 3 ? 200 - x : PICTURE.at(b, x, y);
    return Stream.of(
        refused(
            "an item that describes three of eight bands",
            "linz",
            Quirks::linz,
            () -> eight(),
            "expected 3 bands, as many as the item describes, found 8 in the file"),
        refused(
            "an item that describes three of eight bands that the file names",
            "linz",
            Quirks::linz,
            () -> eight(EIGHT),
            "band 1: expected red, because the item says so, found coastal blue"),
        refused(
            "an asset of one band with a file of three",
            "sentinel-2-l2a",
            () -> sentinel2(Quirks.REFLECTANCE),
            () -> bandByBand(3),
            "expected 1 band, as many as the item describes, found 3 in the file"),
        same(
            "an item that describes three of five bands, with the names of the file",
            "linz",
            Quirks::linz,
            () ->
                linz()
                    .file(
                        f ->
                            f.bands(5)
                                .option("PHOTOMETRIC=MINISBLACK")
                                .names("Red", "Green", "blue band", "NIR", "DSM")
                                .pixels(four))),
        same(
            "an item that describes red, green and blue of four bands with colours",
            "linz",
            Quirks::linz,
            () ->
                linz()
                    .file(
                        f -> f.bands(4).option("PHOTOMETRIC=RGB").option("ALPHA=NO").pixels(four))),
        same(
            "an item that describes all bands but the opacity",
            "linz",
            Quirks::linz,
            () ->
                linz()
                    .file(
                        f ->
                            f.bands(4)
                                .option("PHOTOMETRIC=RGB")
                                .option("ALPHA=YES")
                                .pixels((b, x, y) -> b == 3 ? 255 : PICTURE.at(b, x, y)))),
        same(
            "an item that describes the opacity as a band",
            "linz",
            Quirks::linz,
            () -> linz().item(s -> band(s, "eo:bands", 3).put("name", "Alpha"))),
        same(
            "an asset for each band",
            "sentinel-2-l2a",
            () -> sentinel2(Quirks.REFLECTANCE),
            () -> bandByBand(1)));
  }

  /** Sentinel-2 with an asset for each band, the first of whose files has more bands. */
  private static QuirkScene bandByBand(int bandsOfFirst) {
    QuirkScene scene = QuirkScene.sized(2 * QuirkScene.CHIP, QuirkScene.CHIP);
    for (int i = 0; i < Quirks.SENTINEL_2.size(); i++) {
      int seed = i;
      scene.add(
          Quirks.SENTINEL_2.get(i),
          "uint16",
          10,
          List.of(),
          (b, x, y) -> Quirks.REFLECTANCE.at(seed, x, y));
    }
    scene.file(f -> f.bands(bandsOfFirst));
    scene.add("scl", "uint8", 10, List.of(), (b, x, y) -> 4);
    scene.item.put("collection", "sentinel-2-l2a");
    scene.properties().put("earthsearch:boa_offset_applied", true);
    return scene;
  }

  private static Stream<Quirk> contradictory() {
    return Stream.of(
        refused(
            "a file with near infrared first, which the item takes for red",
            "linz",
            Quirks::linz,
            () -> named("NIR", "Green", "Blue"),
            "band 1: expected red, because the item says so, found NIR in the file's descriptions"),
        refused(
            "a file with other numbers of bands than the item",
            "linz",
            Quirks::linz,
            () ->
                named("B8", "B4", "B3")
                    .item(s -> band(s, "eo:bands", 0).put("name", "B04"))
                    .item(s -> band(s, "eo:bands", 1).put("name", "B03"))
                    .item(s -> band(s, "eo:bands", 2).put("name", "B02")),
            "band 1: expected red, because the item says so, found B8"),
        refused(
            "an asset whose only band is described as another one in its file",
            "sentinel-2-l2a",
            () -> sentinel2(Quirks.REFLECTANCE),
            () -> bandByBand(1).file(f -> f.names("B04")),
            "band 1: expected blue, because the item does not describe its bands, found red"),
        same(
            "a file with other words for the same bands",
            "linz",
            Quirks::linz,
            () -> named("Band 1 - Red", "green_band", "BLUE")),
        same(
            "a file with texts that name no band",
            "linz",
            Quirks::linz,
            () -> named("orthophoto", "2023", "flight 7")));
  }

  private static Stream<Quirk> twice() {
    return Stream.of(
        refused(
            "bands in another order than eo:bands",
            "linz",
            Quirks::linz,
            () -> linz().item(s -> list(s, "blue", "green", "red")),
            "band 1 is blue in bands and red red in eo:bands"),
        refused(
            "common names in bands and eo:bands that differ",
            "linz",
            Quirks::linz,
            () ->
                linz()
                    .item(s -> list(s, "1", "2", "3"))
                    .item(s -> band(s, "bands", 0).put("eo:common_name", "nir")),
            "band 1 is 1 nir in bands and red red in eo:bands"),
        refused(
            "scales in bands and raster:bands that differ",
            "modis",
            () -> Quirks.modis(Quirks.REFLECTANCE),
            () ->
                Quirks.modis(Quirks.REFLECTANCE)
                    .item(s -> band(s, "raster:bands", 0).put("scale", 0.5))
                    .item(s -> band(s, "bands", 0).put("raster:scale", 0.1)),
            "scale and offset of band 1 are × 0.1 + 0.0 in bands and × 0.5 + 0.0 in raster:bands"),
        refused(
            "nodata in bands and raster:bands that differ",
            "linz",
            Quirks::linz,
            () ->
                linz()
                    .item(s -> band(s, "raster:bands", 1).put("nodata", 0))
                    .item(s -> band(s, "bands", 1).put("nodata", 255)),
            "nodata of band 2 is 255.0 in bands and 0.0 in raster:bands"),
        same(
            "bands by position and eo:bands by the numbers of the sensor",
            "linz",
            Quirks::linz,
            () ->
                linz()
                    .item(s -> list(s, "B1", "B2", "B3"))
                    .item(s -> band(s, "eo:bands", 0).put("name", "B04"))
                    .item(s -> band(s, "eo:bands", 1).put("name", "B03"))
                    .item(s -> band(s, "eo:bands", 2).put("name", "B02"))),
        same(
            "bands of the sensor in the item, of which its only image has others",
            "linz",
            Quirks::linz,
            () ->
                linz()
                    .item(
                        s -> {
                          ArrayNode all = s.properties().putArray("bands");
                          List.of("blue", "green", "red", "nir")
                              .forEach(name -> all.addObject().put("name", name));
                        })),
        same(
            "bands and eo:bands with other names of the same bands",
            "linz",
            Quirks::linz,
            () -> linz().item(s -> list(s, "B04", "B03", "B02"))),
        same(
            "bands, eo:bands and raster:bands that agree",
            "linz",
            Quirks::linz,
            () ->
                linz()
                    .item(s -> list(s, "Red", "Green", "Blue"))
                    .item(s -> band(s, "bands", 0).put("eo:common_name", "red").put("nodata", 7))
                    .item(s -> band(s, "raster:bands", 0).put("nodata", 7))));
  }
}
