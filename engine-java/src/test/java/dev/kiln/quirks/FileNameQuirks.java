package dev.kiln.quirks;

import static dev.kiln.quirks.Quirks.PICTURE;
import static dev.kiln.quirks.Quirks.RGB;
import static dev.kiln.quirks.Quirks.linz;
import static dev.kiln.quirks.Quirks.refused;
import static dev.kiln.quirks.Quirks.same;
import static dev.kiln.quirks.Quirks.sentinel2;

import dev.kiln.testing.GeoTiffs;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What the names of plain files and of products state: dates, baselines and levels. */
final class FileNameQuirks {
  private static final String SENTINEL_2 = "sentinel-2-l2a";
  private static final String LANDSAT = "landsat-c2l2-sr";
  private static final String PLANETSCOPE = "planetscope-sr";
  private static final GeoTiffs.Pixels DIGITAL_NUMBERS =
      (b, x, y) -> 9000 + 900 * b + (700 * x + 1300 * y) % 9000;

  /** Bright, so that no value tells that it has no offset. */
  private static final GeoTiffs.Pixels BRIGHT = (b, x, y) -> 1200 + Quirks.REFLECTANCE.at(b, x, y);

  private FileNameQuirks() {}

  static Stream<Quirk> all() {
    return Stream.of(dates(), baselines(), products()).flatMap(s -> s);
  }

  /** A name with the time of the plain scene; the TIFF has the time of its production. */
  private static Quirk date(String producer, String name) {
    return same(
        "date as by " + producer,
        "linz",
        Quirks::linz,
        () -> linz().file(f -> f.datetime("2026:01:02 03:04:05")).alone(name));
  }

  private static Stream<Quirk> dates() {
    return Stream.of(
        date("Planet", "20230615_103000_12_2402_3B_Visual_clip.tif"),
        date("Airbus", "IMG_PHR1A_PMS_202306151030000_ORT_R1C1.tif"),
        date("Maxar", "23JUN15103000-S2AS-014521_R1C1.tif"),
        date("Umbra", "2023-06-15-10-30-00_UMBRA-04_GEC.tif"),
        date("HLS", "HLS.S30.T14TPQ.2023166T103000.v2.0.tif"),
        date("programs that write small letters", "s1a_iw_20230615t103000_rgb.tif"),
        same(
            "date as by MODIS",
            "linz",
            () -> linz().item(s -> s.properties().put("datetime", "2023-06-15T12:00:00Z")),
            () -> linz().alone("MOD09A1.A2023166.h10v05.061.2023175034533.tif")),
        refused(
            "date with the day first",
            "linz",
            Quirks::linz,
            () -> linz().file(f -> f.datetime("2026:01:02 03:04:05")).alone("ortho_15.06.2023.tif"),
            "expected a date in the order year, month, day"));
  }

  private static QuirkScene noOffset() {
    return sentinel2(BRIGHT);
  }

  private static QuirkScene file(GeoTiffs.Pixels pixels, String name) {
    return sentinel2(pixels).alone(name);
  }

  private static Stream<Quirk> baselines() {
    String product = "S2A_MSIL2A_20230615T103000_%s_R108_T14TPQ_20230615T140000.tif";
    return Stream.of(
        same(
            "plain file of a product before the offset",
            SENTINEL_2,
            FileNameQuirks::noOffset,
            () -> file(BRIGHT, product.formatted("N0300"))),
        same(
            "plain file of a product with the offset",
            SENTINEL_2,
            FileNameQuirks::noOffset,
            () -> file((b, x, y) -> 1000 + BRIGHT.at(b, x, y), product.formatted("N0509"))),
        same(
            "plain file that is harmonized",
            SENTINEL_2,
            FileNameQuirks::noOffset,
            () -> file(BRIGHT, "S2_SR_HARMONIZED_20230615T103000.tif")));
  }

  private static Quirk level1(String name, Consumer<QuirkScene> change) {
    return refused(
        "level 1C of Sentinel-2 by " + name,
        SENTINEL_2,
        FileNameQuirks::noOffset,
        () -> noOffset().item(change),
        "expected level 2A of Sentinel-2");
  }

  private static QuirkScene landsat() {
    return QuirkScene.of(
            "uint16",
            30,
            List.of("red", "green", "blue", "nir08", "swir16", "swir22"),
            DIGITAL_NUMBERS)
        .add("qa_pixel", "uint16", 30, List.of(), (b, x, y) -> 64);
  }

  private static QuirkScene planet() {
    return QuirkScene.of(
        "uint16",
        3,
        List.of("coastal_blue", "blue", "green_i", "green", "yellow", "red", "rededge", "nir"),
        DIGITAL_NUMBERS);
  }

  private static Quirk product(
      String name, String platform, Supplier<QuirkScene> scene, String file, String reason) {
    return refused(name, platform, scene, () -> scene.get().alone(file), reason);
  }

  private static Stream<Quirk> products() {
    String levelOne = "S2A_MSIL1C_20230615T103029_N0509_R108_T14TPQ_20230615T140000";
    return Stream.of(
        level1("collection", s -> s.item.put("collection", "sentinel-2-l1c")),
        level1("id", s -> s.item.put("id", levelOne)),
        level1("product type", s -> s.properties().put("s2:product_type", "S2MSI1C")),
        level1("level", s -> s.properties().put("processing:level", "L1C")),
        product(
            "level 1C of Sentinel-2 as a plain file",
            SENTINEL_2,
            FileNameQuirks::noOffset,
            levelOne + ".tif",
            "found level 1C in id"),
        product(
            "level 1 of Landsat as a plain file",
            LANDSAT,
            FileNameQuirks::landsat,
            "LC08_L1TP_034032_20230615_20230620_02_T1.tif",
            "found level 1 in id"),
        product(
            "HLS as a plain file",
            LANDSAT,
            FileNameQuirks::landsat,
            "HLS.L30.T14TPQ.2023166T103000.v2.0.tif",
            "its reflectance has another scale"),
        product(
            "radiance of PlanetScope",
            PLANETSCOPE,
            FileNameQuirks::planet,
            "20230615_103000_12_2402_3B_AnalyticMS_8b_clip.tif",
            "found radiance in file"),
        same(
            "reflectance of PlanetScope",
            PLANETSCOPE,
            FileNameQuirks::planet,
            () -> planet().alone("20230615_103000_12_2402_3B_AnalyticMS_SR_8b_clip.tif")),
        same(
            "bands that a plain file colours from blue to red",
            "linz",
            Quirks::linz,
            () ->
                QuirkScene.of("uint8", 0.3, RGB, (b, x, y) -> PICTURE.at(2 - b, x, y))
                    .file(f -> f.option("PHOTOMETRIC=MINISBLACK").colours("Blue", "Green", "Red"))
                    .alone("ortho_20230615T103000.tif")));
  }
}
