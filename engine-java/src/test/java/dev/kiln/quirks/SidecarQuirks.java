package dev.kiln.quirks;

import static dev.kiln.quirks.QuirkScene.CHIP;
import static dev.kiln.quirks.QuirkScene.EAST;
import static dev.kiln.quirks.QuirkScene.NORTH;
import static dev.kiln.quirks.Quirks.PICTURE;
import static dev.kiln.quirks.Quirks.RGB;
import static dev.kiln.quirks.Quirks.flipped;
import static dev.kiln.quirks.Quirks.gap;
import static dev.kiln.quirks.Quirks.linz;
import static dev.kiln.quirks.Quirks.refused;
import static dev.kiln.quirks.Quirks.same;

import dev.kiln.testing.GeoTiffs;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Files beside an image in a directory. */
final class SidecarQuirks {
  private static final String AUXILIARY = "data.tif.aux.xml";
  private static final String MASK = "data.tif.msk";
  private static final String UTM_14 =
      "PROJCS[\"WGS 84 / UTM zone 14N\",GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS"
          + " 84\",6378137,298.257223563]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433]],"
          + "PROJECTION[\"Transverse_Mercator\"],PARAMETER[\"latitude_of_origin\",0],"
          + "PARAMETER[\"central_meridian\",-99],PARAMETER[\"scale_factor\",0.9996],"
          + "PARAMETER[\"false_easting\",500000],PARAMETER[\"false_northing\",0],UNIT[\"metre\",1]]";
  private static final String ESRI_UTM_14 =
      "PROJCS[\"WGS_1984_UTM_Zone_14N\",GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\",SPHEROID["
          + "\"WGS_1984\",6378137.0,298.257223563]],PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]],"
          + "PROJECTION[\"Transverse_Mercator\"],PARAMETER[\"False_Easting\",500000.0],"
          + "PARAMETER[\"False_Northing\",0.0],PARAMETER[\"Central_Meridian\",-99.0],"
          + "PARAMETER[\"Scale_Factor\",0.9996],PARAMETER[\"Latitude_Of_Origin\",0.0],UNIT[\"Meter\",1.0]]";

  private SidecarQuirks() {}

  /** Returns a description that states the same of several bands. */
  static String bands(int count, String elements) {
    StringBuilder xml = new StringBuilder("<PAMDataset>\n");
    for (int i = 1; i <= count; i++) {
      xml.append("<PAMRasterBand band=\"%d\">%s</PAMRasterBand>\n".formatted(i, elements));
    }
    return xml + "</PAMDataset>\n";
  }

  /** Returns the georeferencing of scenes with pixels of a size in metres. */
  static String placeOf(double metres) {
    return place(UTM_14, NORTH, metres);
  }

  private static String place(String crs, double north) {
    return place(crs, north, 0.3);
  }

  private static String place(String crs, double north, double metres) {
    String transform =
        north == 0
            ? ""
            : "<GeoTransform> %1$.16e, %3$.16e, 0.0, %2$.16e, 0.0, -%3$.16e</GeoTransform>"
                .formatted(EAST, north, metres);
    String srs =
        crs.isEmpty()
            ? ""
            : "<SRS dataAxisToSRSAxisMapping=\"1,2\">%s</SRS>"
                .formatted(crs.replace("\"", "&quot;"));
    return "<PAMDataset>%s%s</PAMDataset>".formatted(srs, transform);
  }

  private static GeoTiffs mask(int width, int height, GeoTiffs.Mask missing) {
    return GeoTiffs.naip()
        .bands(1)
        .size(width, height)
        .geotransform((double[]) null)
        .epsg(0)
        .option("BLOCKXSIZE=16")
        .option("BLOCKYSIZE=16")
        .pixels((b, x, y) -> missing.at(x, y) ? 0 : 255);
  }

  private static GeoTiffs mask(GeoTiffs.Mask missing) {
    return mask(2 * CHIP, CHIP, missing);
  }

  static Stream<Quirk> all() {
    return Stream.of(values(), masks(), places()).flatMap(s -> s);
  }

  private static Stream<Quirk> values() {
    GeoTiffs.Pixels holes = (b, x, y) -> gap(x) ? 9 : PICTURE.at(b, x, y);
    return Stream.of(
        same(
            "nodata beside the file",
            "linz",
            () -> linz().file(f -> f.nodata(9).pixels(holes)),
            () ->
                linz()
                    .file(f -> f.pixels(holes))
                    .beside(AUXILIARY, bands(3, "<NoDataValue>9</NoDataValue>"))),
        same(
            "another nodata value beside the file",
            "linz",
            () -> linz().file(f -> f.nodata(9).pixels(holes)),
            () ->
                linz()
                    .file(f -> f.nodata(0).pixels(holes))
                    .beside(
                        AUXILIARY, bands(3, "<NoDataValue le_hex_equiv=\"0\">9.0</NoDataValue>"))),
        same(
            "scale beside the file",
            "linz",
            Quirks::linz,
            () ->
                QuirkScene.of("int16", 0.3, RGB, (b, x, y) -> 10 * PICTURE.at(b, x, y) + 70)
                    .beside(AUXILIARY, bands(3, "<Offset>-7</Offset><Scale>0.1</Scale>"))),
        same(
            "statistics beside the file",
            "linz",
            Quirks::linz,
            () ->
                linz()
                    .beside(
                        AUXILIARY,
                        bands(
                            3,
                            "<Histograms><HistItem><HistMin>-0.5</HistMin></HistItem></Histograms>"
                                + "<Metadata><MDI key=\"STATISTICS_MEAN\">82.4</MDI></Metadata>"))),
        same(
            "overviews and a world file beside the file",
            "linz",
            Quirks::linz,
            () -> linz().beside("data.tfw", "5\n0\n0\n-5\n0\n0\n").beside("data.tif.ovr", "none")),
        refused(
            "damaged XML beside the file",
            "linz",
            Quirks::linz,
            () -> linz().beside(AUXILIARY, "<PAMDataset><PAMRasterBand band=\"1\"><NoData"),
            "found damaged XML"),
        refused(
            "signed bytes beside the file",
            "linz",
            Quirks::linz,
            () ->
                linz()
                    .beside(
                        AUXILIARY,
                        bands(
                            3,
                            "<Metadata domain=\"IMAGE_STRUCTURE\"><MDI"
                                + " key=\"PIXELTYPE\">SIGNEDBYTE</MDI></Metadata>")),
            "found int8"),
        refused(
            "alpha beside the file",
            "linz",
            Quirks::linz,
            () ->
                linz()
                    .file(f -> f.bands(4).option("PHOTOMETRIC=MINISBLACK").option("ALPHA=NO"))
                    .beside(
                        AUXILIARY,
                        "<PAMDataset><PAMRasterBand"
                            + " band=\"4\"><ColorInterp>Alpha</ColorInterp></PAMRasterBand></PAMDataset>"),
            "band 4 is alpha"));
  }

  private static Stream<Quirk> masks() {
    GeoTiffs.Pixels holes = (b, x, y) -> gap(x) ? 9 : PICTURE.at(b, x, y);
    Supplier<QuirkScene> plain = () -> linz().file(f -> f.nodata(9).pixels(holes));
    return Stream.of(
        same(
            "mask beside the file",
            "linz",
            plain,
            () -> linz().beside(MASK, mask((x, y) -> gap(x)))),
        same(
            "mask beside a planar file",
            "linz",
            plain,
            () ->
                linz().file(f -> f.option("INTERLEAVE=BAND")).beside(MASK, mask((x, y) -> gap(x)))),
        same(
            "mask beside a file with a mask of its own",
            "linz",
            plain,
            () -> linz().file(f -> f.mask((x, y) -> gap(x))).beside(MASK, mask((x, y) -> !gap(x)))),
        new Quirk(
            "chip that a file beside the image masks is left out",
            "linz",
            () ->
                linz()
                    .file(f -> f.nodata(9).pixels((b, x, y) -> x < CHIP ? PICTURE.at(b, x, y) : 9)),
            () -> linz().beside(MASK, mask((x, y) -> x >= CHIP)),
            1,
            Optional.empty()),
        same(
            "mask beside a south-up file",
            "linz",
            () -> linz().file(f -> f.mask((x, y) -> x < 3 && y < 5)),
            () ->
                linz()
                    .file(flipped(PICTURE, 0.3, 2 * CHIP, CHIP, false, true))
                    .beside(MASK, mask((x, y) -> x < 3 && y >= CHIP - 5))),
        refused(
            "mask of another size beside the file",
            "linz",
            Quirks::linz,
            () -> linz().beside(MASK, mask(CHIP, CHIP, (x, y) -> false)),
            "expected a mask of 32 × 16 px"),
        refused(
            "a mask of each band beside the file",
            "linz",
            Quirks::linz,
            () -> linz().beside(MASK, mask((x, y) -> gap(x)).bands(3)),
            "expected a mask of all bands, found one of 3 bands"));
  }

  private static Stream<Quirk> places() {
    return Stream.of(
        same(
            "georeferencing beside the file",
            "linz",
            Quirks::linz,
            () ->
                linz()
                    .file(f -> f.geotransform((double[]) null).epsg(0))
                    .beside(AUXILIARY, place(UTM_14, NORTH))),
        same(
            "CRS beside the file",
            "linz",
            Quirks::linz,
            () -> linz().file(f -> f.epsg(0)).beside(AUXILIARY, place(ESRI_UTM_14, 0))),
        same(
            "the same georeferencing in and beside the file",
            "linz",
            Quirks::linz,
            () -> linz().beside(AUXILIARY, place(ESRI_UTM_14, NORTH))),
        refused(
            "another place beside the file",
            "linz",
            Quirks::linz,
            () -> linz().beside(AUXILIARY, place(UTM_14, NORTH + 0.3)),
            "georeferencing of data.tif.aux.xml"),
        refused(
            "another CRS beside the file",
            "linz",
            Quirks::linz,
            () -> linz().beside(AUXILIARY, place(UTM_14.replace("-99", "-105"), 0)),
            "georeferencing of data.tif.aux.xml"),
        refused(
            "control points beside the file",
            "linz",
            Quirks::linz,
            () ->
                linz()
                    .file(f -> f.geotransform((double[]) null))
                    .beside(
                        AUXILIARY,
                        "<PAMDataset><GCPList Projection=\"\"><GCP Id=\"1\" Pixel=\"0\" Line=\"0\""
                            + " X=\"1\" Y=\"1\"/></GCPList></PAMDataset>"),
            "ground control points in data.tif.aux.xml"),
        refused(
            "world file only",
            "linz",
            Quirks::linz,
            () ->
                linz()
                    .file(f -> f.geotransform((double[]) null))
                    .beside("data.tfw", "0.3\n0\n0\n-0.3\n500000.15\n5199999.85\n"),
            "found only data.tfw"));
  }
}
