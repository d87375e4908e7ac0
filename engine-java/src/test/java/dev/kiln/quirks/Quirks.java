package dev.kiln.quirks;

import static dev.kiln.quirks.QuirkScene.CHIP;
import static dev.kiln.quirks.QuirkScene.EAST;
import static dev.kiln.quirks.QuirkScene.NORTH;

import dev.kiln.testing.GeoTiffs;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;

/** All quirks; the next one is one entry here. */
final class Quirks {
  static final List<String> RGB = List.of("red", "green", "blue");
  static final List<String> MODIS =
      List.of("red", "nir", "blue", "green", "nir2", "swir16", "swir21");
  private static final String PRODUCT =
      "S2B_MSIL2A_20230615T103029_N0509_R108_T14TPQ_20230615T140000";
  static final List<String> RADAR = List.of("vv", "vh");
  static final List<String> SENTINEL_2 =
      List.of(
          "blue",
          "green",
          "red",
          "rededge1",
          "rededge2",
          "rededge3",
          "nir",
          "nir08",
          "swir16",
          "swir22");

  static final GeoTiffs.Pixels PICTURE = (b, x, y) -> 50 + 20 * b + (7 * x + 13 * y) % 90;
  static final GeoTiffs.Pixels DECIBELS = (b, x, y) -> -12.5 - 6 * b + (7 * x + 13 * y) % 40 / 4.0;
  static final GeoTiffs.Pixels REFLECTANCE = (b, x, y) -> 150 + 150 * b + (70 * x + 130 * y) % 2900;

  /** Columns without data at the left of each chip, below the limit. */
  static boolean gap(int x) {
    return x % CHIP < 2;
  }

  private Quirks() {}

  static Stream<Quirk> all() {
    return Stream.of(
            orientation(),
            masks(),
            nodata(),
            types(),
            scales(),
            offsets(),
            georeferencing(),
            SidecarQuirks.all(),
            BackscatterQuirks.all(),
            FillerQuirks.all(),
            AlphaQuirks.all(),
            ClassificationQuirks.all(),
            ScaleTagQuirks.all(),
            BaselineQuirks.all(),
            BandOrderQuirks.all(),
            AxesQuirks.all(),
            FileNameQuirks.all(),
            OtherPlatformQuirks.all(),
            ItemQuirks.all())
        .flatMap(s -> s);
  }

  static QuirkScene linz() {
    return QuirkScene.of("uint8", 0.3, RGB, PICTURE);
  }

  static QuirkScene modis(GeoTiffs.Pixels pixels) {
    return QuirkScene.of("int16", 500, MODIS, pixels);
  }

  static QuirkScene radar(GeoTiffs.Pixels pixels) {
    return QuirkScene.of("float32", 10, RADAR, pixels);
  }

  static QuirkScene sentinel2(GeoTiffs.Pixels pixels) {
    return QuirkScene.of("uint16", 10, SENTINEL_2, pixels)
        .add("scl", "uint8", 10, List.of(), (b, x, y) -> 4)
        .item(s -> s.item.put("collection", "sentinel-2-l2a"))
        .item(s -> s.properties().put("earthsearch:boa_offset_applied", true));
  }

  /** Rows of chips of more than two strips. */
  private static final int TALL_ROWS = 70;

  /** The first strip is bright in all bands, as under clouds. */
  private static final GeoTiffs.Pixels BRIGHT_TOP =
      (b, x, y) -> (y < 512 ? 3000 : 0) + REFLECTANCE.at(b, x, y);

  private static QuirkScene tall(GeoTiffs.Pixels pixels) {
    return QuirkScene.sized(2 * QuirkScene.CHIP, TALL_ROWS * QuirkScene.CHIP)
        .add("data", "uint16", 10, SENTINEL_2, pixels)
        .add("scl", "uint8", 10, List.of(), (b, x, y) -> 4)
        .item(s -> s.properties().put("gsd", 10))
        .item(s -> s.item.put("collection", "sentinel-2-l2a"))
        .item(s -> s.properties().put("earthsearch:boa_offset_applied", true));
  }

  static Quirk same(
      String name, String platform, Supplier<QuirkScene> plain, Supplier<QuirkScene> quirky) {
    return new Quirk(name, platform, plain, quirky, 2, Optional.empty());
  }

  static Quirk refused(
      String name,
      String platform,
      Supplier<QuirkScene> plain,
      Supplier<QuirkScene> quirky,
      String reason) {
    return new Quirk(name, platform, plain, quirky, 2, Optional.of(reason));
  }

  /**
   * Returns 5 × 4 chips and a rest, of bands of 10 and 20 m in files of their own; clouds leave out
   * three chips, so not all tiles are fetched.
   */
  private static QuirkScene large(boolean east, boolean south) {
    int width = 5 * CHIP + 8;
    int height = 4 * CHIP + 4;
    QuirkScene scene = QuirkScene.sized(width, height);
    scene.item.put("collection", "sentinel-2-l2a");
    scene.properties().put("earthsearch:boa_offset_applied", true);
    List<String> coarse = List.of("rededge1", "rededge2", "rededge3", "nir08", "swir16", "swir22");
    for (int i = 0; i <= SENTINEL_2.size(); i++) {
      boolean mask = i == SENTINEL_2.size();
      String band = mask ? "scl" : SENTINEL_2.get(i);
      int step = mask || coarse.contains(band) ? 2 : 1;
      int seed = i;
      GeoTiffs.Pixels pixels =
          mask
              ? (b, x, y) -> 2 * x / CHIP == 1 && 2 * y / CHIP != 2 ? 9 : 4
              : (b, x, y) -> 150 + 150 * seed + (71 * x + 133 * y + x * y) % 2900;
      scene.add(band, mask ? "uint8" : "uint16", 10 * step, List.of(), pixels);
      scene.files.get(band).size(width / step, height / step);
      flipped(pixels, 10 * step, width / step, height / step, east, south)
          .accept(scene.files.get(band));
    }
    return scene;
  }

  /** Stores the same ground from another corner. */
  static Consumer<GeoTiffs> flipped(
      GeoTiffs.Pixels pixels, double metres, int width, int height, boolean east, boolean south) {
    return file ->
        file.geotransform(
                east ? EAST + width * metres : EAST,
                east ? -metres : metres,
                0,
                south ? NORTH - height * metres : NORTH,
                0,
                south ? metres : -metres)
            .pixels(
                (b, x, y) -> pixels.at(b, east ? width - 1 - x : x, south ? height - 1 - y : y));
  }

  private static Stream<Quirk> orientation() {
    Stream.Builder<Quirk> quirks = Stream.builder();
    for (String layout : List.of("INTERLEAVE=PIXEL", "INTERLEAVE=BAND", "COMPRESS=LZW")) {
      for (boolean east : new boolean[] {false, true}) {
        for (boolean south : new boolean[] {false, true}) {
          if (east || south) {
            quirks.add(
                same(
                    (east ? "east-left " : "") + (south ? "south-up " : "") + layout,
                    "linz",
                    Quirks::linz,
                    () ->
                        linz()
                            .file(f -> f.option(layout))
                            .file(flipped(PICTURE, 0.3, 2 * CHIP, CHIP, east, south))));
          }
        }
      }
    }
    for (boolean east : new boolean[] {false, true}) {
      for (boolean south : new boolean[] {false, true}) {
        if (east || south) {
          quirks.add(
              new Quirk(
                  (east ? "east-left " : "") + (south ? "south-up " : "") + "bands and mask",
                  "sentinel-2-l2a",
                  () -> large(false, false),
                  () -> large(east, south),
                  17,
                  Optional.empty()));
        }
      }
    }
    quirks.add(
        same(
            "south-up with a gap by value",
            "sentinel-1-rtc",
            () -> radar((b, x, y) -> gap(x) ? Float.NaN : DECIBELS.at(b, x, y)),
            () ->
                radar(DECIBELS)
                    .file(
                        flipped(
                            (b, x, y) -> gap(x) ? -9999 : DECIBELS.at(b, x, y),
                            10,
                            2 * CHIP,
                            CHIP,
                            false,
                            true))
                    .file(f -> f.nodata(-9999))));
    quirks.add(
        same(
            "south-up with an internal mask",
            "linz",
            () -> linz().file(f -> f.mask((x, y) -> x < 3 && y < 5)),
            () ->
                linz()
                    .file(flipped(PICTURE, 0.3, 2 * CHIP, CHIP, false, true))
                    .file(f -> f.mask((x, y) -> x < 3 && y >= CHIP - 5))));
    return quirks.build();
  }

  private static Stream<Quirk> masks() {
    // A nodata value of the file is the reference for pixels that the file masks.

    GeoTiffs.Pixels holes = (b, x, y) -> gap(x) ? 9 : PICTURE.at(b, x, y);
    Supplier<QuirkScene> plain = () -> linz().file(f -> f.nodata(9)).file(f -> f.pixels(holes));
    return Stream.of(
        same("internal mask", "linz", plain, () -> linz().file(f -> f.mask((x, y) -> gap(x)))),
        same(
            "alpha band",
            "linz",
            plain,
            () ->
                QuirkScene.of("uint8", 0.3, RGB, PICTURE)
                    .file(
                        f ->
                            f.bands(4)
                                .option("PHOTOMETRIC=RGB")
                                .option("ALPHA=YES")
                                .pixels(
                                    (b, x, y) -> b == 3 ? gap(x) ? 0 : 255 : PICTURE.at(b, x, y)))),
        same(
            "alpha band, planar",
            "linz",
            plain,
            () ->
                QuirkScene.of("uint8", 0.3, RGB, PICTURE)
                    .file(
                        f ->
                            f.bands(4)
                                .option("PHOTOMETRIC=RGB")
                                .option("ALPHA=YES")
                                .option("INTERLEAVE=BAND")
                                .pixels(
                                    (b, x, y) -> b == 3 ? gap(x) ? 0 : 255 : PICTURE.at(b, x, y)))),
        new Quirk(
            "masked chip is left out",
            "linz",
            () ->
                linz()
                    .file(f -> f.nodata(9).pixels((b, x, y) -> x < CHIP ? PICTURE.at(b, x, y) : 9)),
            () -> linz().file(f -> f.mask((x, y) -> x >= CHIP)),
            1,
            Optional.empty()),
        new Quirk(
            "tiles never written",
            "linz",
            () ->
                linz()
                    .file(f -> f.nodata(9).pixels((b, x, y) -> x < CHIP ? PICTURE.at(b, x, y) : 9)),
            () -> linz().file(f -> f.option("SPARSE_OK=TRUE").hole(CHIP, 0, CHIP, CHIP)),
            1,
            Optional.empty()),
        new Quirk(
            "tiles never written, nodata that the type cannot store",
            "linz",
            () ->
                linz()
                    .file(f -> f.nodata(9).pixels((b, x, y) -> x < CHIP ? PICTURE.at(b, x, y) : 9)),
            () ->
                linz()
                    .file(f -> f.nodata(-9999).option("SPARSE_OK=TRUE").hole(CHIP, 0, CHIP, CHIP)),
            1,
            Optional.empty()));
  }

  private static Stream<Quirk> nodata() {
    Supplier<QuirkScene> radarGap =
        () -> radar((b, x, y) -> gap(x) ? Float.NaN : DECIBELS.at(b, x, y));
    Stream<Quirk> fillers =
        Stream.of(
                -3.4028235e38,
                1e30,
                -32768.0,
                -9999.0,
                -999.0,
                -99.0,
                0.0,
                Double.POSITIVE_INFINITY)
            .map(
                filler ->
                    same(
                        "undeclared filler " + filler,
                        "sentinel-1-rtc",
                        radarGap,
                        () -> radar((b, x, y) -> gap(x) ? filler : DECIBELS.at(b, x, y))));
    return Stream.concat(
        fillers,
        Stream.of(
            same(
                "declared integer nodata is blanked to the mean",
                "modis",
                () ->
                    modis(
                        (b, x, y) ->
                            gap(x) ? Math.round(mean("modis", b)) : REFLECTANCE.at(b, x, y)),
                () ->
                    modis((b, x, y) -> gap(x) ? -28672 : REFLECTANCE.at(b, x, y))
                        .file(f -> f.nodata(-28672))),
            same(
                "nodata of the file, another in the item",
                "sentinel-1-rtc",
                radarGap,
                () ->
                    radar((b, x, y) -> gap(x) ? -50 : DECIBELS.at(b, x, y))
                        .file(f -> f.nodata(-50))
                        .item(s -> s.asset("data").put("nodata", -32768))),
            undeclared(-9999),
            undeclared(-28672),
            undeclared(-32768)));
  }

  private static Quirk undeclared(int filler) {
    return same(
        "undeclared integer filler " + filler,
        "modis",
        () -> modis((b, x, y) -> gap(x) ? Math.round(mean("modis", b)) : REFLECTANCE.at(b, x, y)),
        () -> modis((b, x, y) -> gap(x) ? filler : REFLECTANCE.at(b, x, y)));
  }

  static double mean(String platform, int band) {
    return dev.kiln.platform.PlatformCatalog.builtIn().get(platform).bands().get(band).mean();
  }

  private static Stream<Quirk> types() {
    GeoTiffs.Pixels reversed = (b, x, y) -> PICTURE.at(2 - b, x, y);
    return Stream.of(
        same(
            "bands in another order, by the item",
            "linz",
            Quirks::linz,
            () -> QuirkScene.of("uint8", 0.3, List.of("blue", "green", "red"), reversed)),
        refused(
            "bands in another order, by descriptions in the file only",
            "linz",
            Quirks::linz,
            () ->
                QuirkScene.of("uint8", 0.3, RGB, reversed)
                    .item(s -> s.asset("data").remove("eo:bands"))
                    .file(f -> f.names("Blue", "Green", "Red")),
            "band 1: expected red, because the item does not describe its bands, found blue"),
        refused(
            "int8",
            "linz",
            Quirks::linz,
            () -> linz().file(f -> f.option("PIXELTYPE=SIGNEDBYTE")),
            "found int8"),
        refused(
            "white is zero",
            "linz",
            Quirks::linz,
            () -> linz().file(f -> f.option("PHOTOMETRIC=MINISWHITE")),
            "found MinIsWhite"),
        refused(
            "CMYK",
            "linz",
            Quirks::linz,
            () -> linz().file(f -> f.bands(4).option("PHOTOMETRIC=CMYK")),
            "found CMYK"),
        refused(
            "CIELab",
            "linz",
            Quirks::linz,
            () -> linz().file(f -> f.option("PHOTOMETRIC=CIELAB")),
            "CIELab"));
  }

  private static Stream<Quirk> scales() {
    return Stream.of(
        refused(
            "decibels × 100 without a scale",
            "sentinel-1-rtc",
            () -> radar(DECIBELS),
            () ->
                QuirkScene.of(
                    "int16", 10, RADAR, (b, x, y) -> Math.round(100 * DECIBELS.at(b, x, y))),
            "not decibels"),
        refused(
            "one band in decibels, one in linear power",
            "sentinel-1-rtc",
            () -> radar(DECIBELS),
            () ->
                radar(
                    (b, x, y) ->
                        b == 0 ? DECIBELS.at(b, x, y) : Math.pow(10, DECIBELS.at(b, x, y) / 10)),
            "neither decibels nor linear power"),
        refused(
            "linear power with -1 for no data",
            "sentinel-1-rtc",
            () -> radar(DECIBELS),
            () -> radar((b, x, y) -> gap(x) ? -1 : Math.pow(10, DECIBELS.at(b, x, y) / 10)),
            "neither decibels nor linear power"),
        refused(
            "reflectance instead of values of 8 bits",
            "linz",
            Quirks::linz,
            () -> QuirkScene.of("float32", 0.3, RGB, (b, x, y) -> PICTURE.at(b, x, y) / 255),
            "another scale"),
        refused(
            "values of 10 bits instead of 8",
            "linz",
            Quirks::linz,
            () -> QuirkScene.of("uint16", 0.3, RGB, (b, x, y) -> 4 * PICTURE.at(b, x, y)),
            "another scale"),
        refused(
            "signed values instead of 8 bits",
            "linz",
            Quirks::linz,
            () -> QuirkScene.of("int16", 0.3, RGB, (b, x, y) -> PICTURE.at(b, x, y) - 128),
            "another scale"),
        refused(
            "reflectance instead of digital numbers",
            "sentinel-2-l2a",
            () -> sentinel2(REFLECTANCE),
            () ->
                QuirkScene.of("float32", 10, SENTINEL_2, (b, x, y) -> REFLECTANCE.at(b, x, y) / 1e4)
                    .add("scl", "uint8", 10, List.of(), (b, x, y) -> 4)
                    .item(s -> s.properties().put("s2:processing_baseline", "02.10")),
            "another scale"),
        refused(
            "a picture instead of digital numbers",
            "modis",
            () -> modis(REFLECTANCE),
            () -> QuirkScene.of("uint8", 500, MODIS, PICTURE),
            "such as a picture"),
        same(
            "scale tags",
            "linz",
            Quirks::linz,
            () ->
                QuirkScene.of("int16", 0.3, RGB, (b, x, y) -> 10 * PICTURE.at(b, x, y) + 70)
                    .file(f -> f.scale(0.1, -7))),
        same(
            "scale tags, gaps of 0",
            "linz",
            () ->
                linz().file(f -> f.nodata(0).pixels((b, x, y) -> gap(x) ? 0 : PICTURE.at(b, x, y))),
            () ->
                QuirkScene.of(
                        "int16", 0.3, RGB, (b, x, y) -> gap(x) ? 0 : 10 * PICTURE.at(b, x, y) + 70)
                    .file(f -> f.scale(0.1, -7).nodata(0))),
        same("scale tag of 0", "linz", Quirks::linz, () -> linz().file(f -> f.scale(0, 5))),
        same(
            "scale tag that is not a number",
            "linz",
            Quirks::linz,
            () -> linz().file(f -> f.scale(Double.NaN, 0))),
        same(
            "scale tags of reflectance for digital numbers",
            "modis",
            () -> modis(REFLECTANCE),
            () -> modis(REFLECTANCE).file(f -> f.scale(1e-4, 0))),
        same(
            "reflectance by the item's scale for digital numbers",
            "modis",
            () -> modis(REFLECTANCE),
            () -> modis(REFLECTANCE).item(s -> stateScale(s, 1e-4, -0.1))),
        same(
            "the item's scale where stored values cannot be those of the platform",
            "linz",
            Quirks::linz,
            () ->
                QuirkScene.of("int16", 0.3, RGB, (b, x, y) -> 100 * PICTURE.at(b, x, y) + 700)
                    .item(s -> stateScale(s, 0.01, -7))),
        same(
            "decibels times 100 by the item's scale, with its nodata",
            "sentinel-1-rtc",
            () -> radar((b, x, y) -> gap(x) ? Float.NaN : DECIBELS.at(b, x, y)),
            () ->
                QuirkScene.of(
                        "int16",
                        10,
                        RADAR,
                        (b, x, y) -> gap(x) ? -32768 : Math.round(100 * DECIBELS.at(b, x, y)))
                    .item(s -> stateScale(s, 0.01, 0))
                    .item(s -> s.asset("data").put("nodata", -32768))),
        same(
            "the file's scale before the item's",
            "linz",
            Quirks::linz,
            () ->
                QuirkScene.of("int16", 0.3, RGB, (b, x, y) -> 100 * PICTURE.at(b, x, y) + 700)
                    .file(f -> f.scale(0.01, -7))
                    .item(s -> stateScale(s, 1e-4, 0))));
  }

  /** States a scale of all bands in the item, as the raster extension does. */
  static void stateScale(QuirkScene scene, double scale, double offset) {
    ArrayNode bands = scene.asset("data").putArray("raster:bands");
    for (int i = 0; i < scene.asset("data").path("eo:bands").size(); i++) {
      bands.addObject().put("scale", scale).put("offset", offset);
    }
  }

  private static Stream<Quirk> offsets() {
    GeoTiffs.Pixels shifted = (b, x, y) -> 1000 + REFLECTANCE.at(b, x, y);
    Supplier<QuirkScene> plain = () -> sentinel2(REFLECTANCE);
    return Stream.of(
        same(
            "offset in collection 1",
            "sentinel-2-l2a",
            plain,
            () ->
                sentinel2(shifted)
                    .item(s -> s.item.put("collection", "sentinel-2-c1-l2a"))
                    .item(s -> s.properties().remove("earthsearch:boa_offset_applied"))),
        same(
            "offset by baseline",
            "sentinel-2-l2a",
            plain,
            () ->
                sentinel2(shifted)
                    .item(s -> s.properties().remove("earthsearch:boa_offset_applied"))
                    .item(s -> s.properties().put("s2:processing_baseline", "05.10"))),
        same(
            "offset by tags, with gaps",
            "sentinel-2-l2a",
            () -> sentinel2((b, x, y) -> gap(x) ? 0 : REFLECTANCE.at(b, x, y)),
            () ->
                sentinel2((b, x, y) -> gap(x) ? 0 : 1000 + REFLECTANCE.at(b, x, y))
                    .file(f -> f.scale(1, -1000))
                    .item(s -> s.item.remove("collection"))
                    .item(s -> s.properties().remove("earthsearch:boa_offset_applied"))),
        same(
            "offset by tags of reflectance",
            "sentinel-2-l2a",
            plain,
            () ->
                sentinel2(shifted)
                    .file(f -> f.scale(1e-4, -0.1))
                    .item(s -> s.item.remove("collection"))
                    .item(s -> s.properties().remove("earthsearch:boa_offset_applied"))),
        same(
            "offset by values",
            "sentinel-2-l2a",
            plain,
            () ->
                sentinel2(shifted)
                    .item(s -> s.item.remove("collection"))
                    .item(s -> s.properties().remove("earthsearch:boa_offset_applied"))),
        new Quirk(
            "no offset by values of other strips than the first",
            "sentinel-2-l2a",
            () -> tall(BRIGHT_TOP),
            () ->
                tall(BRIGHT_TOP)
                    .item(s -> s.item.remove("collection"))
                    .item(s -> s.properties().remove("earthsearch:boa_offset_applied")),
            2 * TALL_ROWS,
            Optional.empty()),
        same(
            "offset by the baseline in a product's name, of Earth Search v0",
            "sentinel-2-l2a",
            plain,
            () ->
                sentinel2(shifted)
                    .item(s -> s.properties().remove("earthsearch:boa_offset_applied"))
                    .item(s -> s.properties().put("sentinel:product_id", PRODUCT))),
        same(
            "offset removed according to Earth Search v0",
            "sentinel-2-l2a",
            plain,
            () ->
                sentinel2(REFLECTANCE)
                    .item(s -> s.properties().remove("earthsearch:boa_offset_applied"))
                    .item(s -> s.properties().put("sentinel:product_id", PRODUCT))
                    .item(s -> s.properties().put("sentinel:boa_offset_applied", true))),
        same(
            "offset not applied in an early item",
            "sentinel-2-l2a",
            plain,
            () ->
                sentinel2(shifted)
                    .item(s -> s.properties().put("earthsearch:boa_offset_applied", false))
                    .item(s -> s.properties().put("s2:processing_baseline", "04.00"))),
        same(
            "offset removed although the item says it is not",
            "sentinel-2-l2a",
            plain,
            () ->
                sentinel2(REFLECTANCE)
                    .item(s -> s.properties().put("earthsearch:boa_offset_applied", false))
                    .item(s -> s.properties().put("s2:processing_baseline", "04.00"))),
        same(
            "no offset before baseline 4",
            "sentinel-2-l2a",
            plain,
            () ->
                sentinel2(REFLECTANCE)
                    .item(s -> s.properties().remove("earthsearch:boa_offset_applied"))
                    .item(s -> s.properties().put("s2:processing_baseline", "02.14"))));
  }

  private static Stream<Quirk> georeferencing() {
    return Stream.of(
        refused(
            "pixels that are not square",
            "linz",
            Quirks::linz,
            () -> linz().file(f -> f.geotransform(EAST, 0.3, 0, NORTH, 0, -0.6)),
            "square pixels"),
        same(
            "negligible rotation",
            "linz",
            Quirks::linz,
            () -> linz().file(f -> f.geotransform(EAST, 0.3, 1e-12, NORTH, 1e-12, -0.3))),
        same(
            "item without gsd",
            "linz",
            Quirks::linz,
            () -> linz().item(s -> s.properties().remove("gsd"))),
        same(
            "item with another gsd",
            "linz",
            Quirks::linz,
            () -> linz().item(s -> s.properties().put("gsd", 0.5))),
        same(
            "item with nearly the same gsd",
            "linz",
            Quirks::linz,
            () -> linz().item(s -> s.properties().put("gsd", 0.301))),
        same(
            "item with a mask and another gsd",
            "sentinel-2-l2a",
            () -> sentinel2(REFLECTANCE),
            () -> sentinel2(REFLECTANCE).item(s -> s.properties().put("gsd", 5))),
        same(
            "item with a mask and another size of the bands",
            "sentinel-2-l2a",
            () -> sentinel2(REFLECTANCE),
            () ->
                sentinel2(REFLECTANCE)
                    .item(s -> s.properties().putArray("proj:shape").add(2 * CHIP).add(4 * CHIP))),
        same(
            "item with a mask and a size of the bands that the mask does not divide",
            "sentinel-2-l2a",
            () -> sentinel2(REFLECTANCE),
            () ->
                sentinel2(REFLECTANCE)
                    .item(s -> s.properties().putArray("proj:shape").add(7).add(9))),
        same(
            "item whose gsd is text",
            "linz",
            Quirks::linz,
            () -> linz().item(s -> s.properties().put("gsd", "0.5"))),
        same(
            "item whose gsd is not a positive number",
            "linz",
            Quirks::linz,
            () -> linz().item(s -> s.properties().put("gsd", -1))),
        same(
            "item without projection fields",
            "linz",
            Quirks::linz,
            () -> linz().item(s -> s.properties().remove("proj:epsg"))));
  }
}
