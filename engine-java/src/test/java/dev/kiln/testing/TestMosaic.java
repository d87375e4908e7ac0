package dev.kiln.testing;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * A virtual raster of files side by side, in the form that gdalbuildvrt writes, with the pixels of
 * one ground of three bands.
 */
public final class TestMosaic {
  /** Width of the ground in pixels. */
  public static final int WIDTH = 300;

  /** Height of the ground in pixels. */
  public static final int HEIGHT = 230;

  private static final double EAST = 500_000;
  private static final double NORTH = 5_200_000;
  private static final double METRES = 0.5;

  private final Path directory;
  private final List<String> parts = new ArrayList<>();
  private String bandNodata = "";

  /**
   * Creates a mosaic without parts.
   *
   * @param directory of the virtual raster; its files are in {@code tiles}
   */
  public TestMosaic(Path directory) {
    this.directory = directory;
  }

  /** Returns the value of a pixel of the ground. */
  public static double pixel(int band, int x, int y) {
    return 20 + (band * 37 + x * 7 + y * 13 + x * y) % 200;
  }

  /** Returns a file with the pixels of a part of the ground. */
  public static GeoTiffs ground(int left, int top, int width, int height) {
    return GeoTiffs.naip()
        .bands(3)
        .size(width, height)
        .geotransform(EAST + left * METRES, METRES, 0, NORTH - top * METRES, 0, -METRES)
        .option("BLOCKXSIZE=32")
        .option("BLOCKYSIZE=48")
        .pixels((b, x, y) -> pixel(b, left + x, top + y));
  }

  /** Sets an element of every band, such as its value of pixels without data. */
  public void band(String element) {
    bandNodata = element;
  }

  /** Returns a rectangle of a source. */
  public static String rect(String name, double x, double y, int width, int height) {
    return String.format(
        Locale.ROOT,
        "<%s xOff=\"%s\" yOff=\"%s\" xSize=\"%d\" ySize=\"%d\" />",
        name,
        x,
        y,
        width,
        height);
  }

  /** Writes a file of a part of the ground, and adds it to the mosaic. */
  public void part(
      int left, int top, int width, int height, String more, UnaryOperator<GeoTiffs> change)
      throws Exception {
    String name = "part%d.tif".formatted(parts.size());
    change.apply(ground(left, top, width, height)).write(directory.resolve("tiles").resolve(name));
    source(
        name,
        rect("SrcRect", 0, 0, width, height),
        rect("DstRect", left, top, width, height),
        more);
  }

  /** Adds a part of a file. */
  public void source(String name, String from, String to, String more) {
    String kind = more.isEmpty() ? "SimpleSource" : "ComplexSource";
    parts.add(
        ("<%1$s><SourceFilename relativeToVRT=\"1\">tiles/%2$s</SourceFilename>"
                + "<SourceBand>%%d</SourceBand>%3$s%4$s%5$s</%1$s>")
            .formatted(kind, name, from, to, more));
  }

  /** Adds files of uneven sizes side by side, each stored in another way. */
  public void sideBySide(String more, UnaryOperator<GeoTiffs> change) throws Exception {
    int[] columns = {0, 100, 213, WIDTH};
    int[] rows = {0, 77, HEIGHT};
    List<String> layouts =
        List.of(
            "INTERLEAVE=BAND",
            "COMPRESS=DEFLATE",
            "COMPRESS=LZW",
            "INTERLEAVE=PIXEL",
            "TILED=NO",
            "COMPRESS=ZSTD");
    for (int y = 0; y + 1 < rows.length; y++) {
      for (int x = 0; x + 1 < columns.length; x++) {
        String layout = layouts.get(y * 3 + x);
        part(
            columns[x],
            rows[y],
            columns[x + 1] - columns[x],
            rows[y + 1] - rows[y],
            more,
            file -> change.apply(file.option(layout)));
      }
    }
  }

  /** Returns the virtual raster. */
  public String vrt() {
    StringBuilder bands = new StringBuilder();
    for (int band = 1; band <= 3; band++) {
      bands
          .append("<VRTRasterBand dataType=\"Byte\" band=\"%d\">".formatted(band))
          .append(bandNodata)
          .append(
              "<ColorInterp>%s</ColorInterp>"
                  .formatted(List.of("Red", "Green", "Blue").get(band - 1)));
      for (String part : parts) {
        bands.append(part.replace("%d", Integer.toString(band))).append('\n');
      }
      bands.append("</VRTRasterBand>\n");
    }
    return String.format(
        Locale.ROOT,
        "<VRTDataset rasterXSize=\"%d\" rasterYSize=\"%d\"><SRS>EPSG:32614</SRS>"
            + "<GeoTransform> %s, %s, 0, %s, 0, %s</GeoTransform>%s</VRTDataset>",
        WIDTH,
        HEIGHT,
        EAST,
        METRES,
        NORTH,
        -METRES,
        bands);
  }
}
