package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.raster.EdgeRule;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.testing.FakeEncoder;
import dev.kiln.testing.GeoTiffs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A mosaic in the form that gdalbuildvrt writes gives the vectors of one file with the same pixels,
 * across the seams of its files, or is refused with the reason.
 */
@Timeout(60)
class MosaicRunTest {
  private static final int CHIP = 64;
  private static final int WIDTH = 300;
  private static final int HEIGHT = 230;
  private static final double EAST = 500_000;
  private static final double NORTH = 5_200_000;
  private static final double METRES = 0.5;
  private static final int FILLER = 9;

  /** West of the central meridian of the zone to the middle of the first chip. */
  private static final AreaOfInterest FIRST_CHIP =
      AreaOfInterest.ofBox(-99.0002, 46.9534, -98.9999, 46.9536);

  @TempDir Path directory;
  private TestRun run;
  private final List<String> parts = new ArrayList<>();
  private String bandNodata = "";

  @BeforeEach
  void start() {
    run = TestRun.of("linz", directory);
    run.chips = ChipOptions.builder().chipSize(CHIP).build();
    run.wrapSource =
        store -> {
          store.close();
          return ObjectStores.openSource(
              run.source.toString(), StoreOptions.standard(), SourceRules.standard());
        };
  }

  private static double pixel(int band, int x, int y) {
    return 20 + (band * 37 + x * 7 + y * 13 + x * y) % 200;
  }

  /** A file with the pixels of a part of the ground. */
  private static GeoTiffs ground(int left, int top, int width, int height) {
    return GeoTiffs.naip()
        .bands(3)
        .size(width, height)
        .geotransform(EAST + left * METRES, METRES, 0, NORTH - top * METRES, 0, -METRES)
        .option("BLOCKXSIZE=32")
        .option("BLOCKYSIZE=48")
        .pixels((b, x, y) -> pixel(b, left + x, top + y));
  }

  private void plain(UnaryOperator<GeoTiffs> change) throws Exception {
    run.scene("plain_20240301.tif", change.apply(ground(0, 0, WIDTH, HEIGHT)));
  }

  private static String rect(String name, double x, double y, int width, int height) {
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
  private void part(
      int left, int top, int width, int height, String more, UnaryOperator<GeoTiffs> change)
      throws Exception {
    String name = "part%d.tif".formatted(parts.size());
    change.apply(ground(left, top, width, height)).write(run.source.resolve("tiles").resolve(name));
    source(
        name,
        rect("SrcRect", 0, 0, width, height),
        rect("DstRect", left, top, width, height),
        more);
  }

  private void source(String name, String from, String to, String more) {
    String kind = more.isEmpty() ? "SimpleSource" : "ComplexSource";
    parts.add(
        ("<%1$s><SourceFilename relativeToVRT=\"1\">tiles/%2$s</SourceFilename>"
                + "<SourceBand>%%d</SourceBand>%3$s%4$s%5$s</%1$s>")
            .formatted(kind, name, from, to, more));
  }

  private String vrt() {
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

  private void mosaic(String xml) throws Exception {
    Files.writeString(run.source.resolve("mosaic_20240301.vrt"), xml);
    run.keys.add("mosaic_20240301.vrt");
  }

  private RunReport embed() throws Exception {
    return run.embed(new FakeEncoder(run.platform, CHIP, 5));
  }

  /** Embeds the plain file and the mosaic, and compares all columns. */
  private void equalsPlain(int chips) throws Exception {
    mosaic(vrt());
    RunReport report = embed();
    assertThat(report.exitCode()).as(report.summary()).isEqualTo(ExitCode.DONE);
    EmbeddingFile plain = EmbeddingFile.open(run.file("plain_20240301.tif"));
    EmbeddingFile found = EmbeddingFile.open(run.file("mosaic_20240301.vrt"));
    assertThat(plain.rows()).isEqualTo(chips);
    assertThat(found.rows()).isEqualTo(chips);
    assertThat(found.vectors(0).values()).isEqualTo(plain.vectors(0).values());
    for (String column : List.of("chip_x", "chip_y", "gsd", "nodata", "datetime", "geometry")) {
      assertThat(texts(found, column)).as(column).isEqualTo(texts(plain, column));
    }
  }

  private static List<String> texts(EmbeddingFile file, String column) throws Exception {
    return file.values(column).stream()
        .map(
            value ->
                value instanceof byte[] wkb ? HexFormat.of().formatHex(wkb) : String.valueOf(value))
        .toList();
  }

  /** Adds files of uneven sizes side by side, each stored in another way. */
  private void sideBySide(String more, UnaryOperator<GeoTiffs> change) throws Exception {
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

  @ParameterizedTest
  @CsvSource({"drop,64,12", "pad,64,20", "shift,64,20", "drop,24,70"})
  void filesSideBySide(String edge, int stride, int chips) throws Exception {
    run.chips =
        ChipOptions.builder()
            .chipSize(CHIP)
            .stride(OptionalInt.of(stride))
            .maxNodata(0.9)
            .edge(EdgeRule.valueOf(edge.toUpperCase(Locale.ROOT)))
            .build();
    plain(file -> file);
    sideBySide("", file -> file);
    equalsPlain(chips);
  }

  @Test
  void laterFilesCoverEarlierOnes() throws Exception {
    plain(file -> file);
    part(0, 0, 200, HEIGHT, "", file -> file.pixels((b, x, y) -> x < 150 ? pixel(b, x, y) : 250));
    part(150, 0, 150, HEIGHT, "", file -> file);
    equalsPlain(12);
  }

  @Test
  void nodataCoversNothing() throws Exception {
    plain(file -> file.nodata(FILLER));
    bandNodata = "<NoDataValue>9</NoDataValue>";
    String more = "<NODATA>9</NODATA>";
    part(0, 0, 200, HEIGHT, more, file -> file.nodata(FILLER));
    part(
        150,
        0,
        150,
        HEIGHT,
        more,
        file -> file.nodata(FILLER).pixels((b, x, y) -> x < 50 ? FILLER : pixel(b, 150 + x, y)));
    equalsPlain(12);
  }

  @Test
  void gapsHaveNoData() throws Exception {
    plain(
        file ->
            file.nodata(FILLER).pixels((b, x, y) -> x < 90 || x >= 110 ? pixel(b, x, y) : FILLER));
    bandNodata = "<NoDataValue>9</NoDataValue>";
    part(0, 0, 90, HEIGHT, "<NODATA>9</NODATA>", file -> file.nodata(FILLER));
    part(110, 0, 190, HEIGHT, "<NODATA>9</NODATA>", file -> file.nodata(FILLER));
    run.chips = ChipOptions.builder().chipSize(CHIP).maxNodata(0.5).build();
    equalsPlain(12);
  }

  @Test
  void gapsWithoutNodataAreLikeMaskedPixels() throws Exception {
    plain(file -> file.mask((x, y) -> x >= 90 && x < 110));
    part(0, 0, 90, HEIGHT, "", file -> file);
    part(110, 0, 190, HEIGHT, "", file -> file);
    run.chips = ChipOptions.builder().chipSize(CHIP).maxNodata(0.5).build();
    equalsPlain(12);
  }

  @Test
  void masksOfFilesCount() throws Exception {
    plain(file -> file.mask((x, y) -> x >= 90 && x < 110));
    String more = "<UseMaskBand>true</UseMaskBand>";
    part(0, 0, 150, HEIGHT, more, file -> file.mask((x, y) -> x >= 90));
    part(100, 0, 200, HEIGHT, more, file -> file.mask((x, y) -> x < 10));
    run.chips = ChipOptions.builder().chipSize(CHIP).maxNodata(0.5).build();
    equalsPlain(12);
  }

  @Test
  void chipsWithoutAFileAreLeftOut() throws Exception {
    plain(file -> file);
    part(0, 0, CHIP, HEIGHT, "", file -> file);
    mosaic(vrt());
    RunReport report = embed();
    assertThat(report.exitCode()).isEqualTo(ExitCode.DONE);
    EmbeddingFile found = EmbeddingFile.open(run.file("mosaic_20240301.vrt"));
    assertThat(found.rows()).isEqualTo(3);
    assertThat(found.values("chip_x")).containsOnly(0);
  }

  @Test
  void partsOfLargerFiles() throws Exception {
    plain(file -> file);
    ground(-20, -30, WIDTH + 40, HEIGHT + 50).write(run.source.resolve("tiles/large.tif"));
    for (int left : new int[] {0, 130}) {
      int width = left == 0 ? 130 : WIDTH - 130;
      source(
          "large.tif",
          rect("SrcRect", left + 20, 30, width, HEIGHT),
          // As gdalbuildvrt writes positions that are whole but for rounding.
          rect("DstRect", left + 2e-9, 0, width, HEIGHT),
          "");
    }
    equalsPlain(12);
  }

  @Test
  void onlyFilesInTheAreaAreRead() throws Exception {
    plain(file -> file);
    sideBySide("", file -> file);
    // A tile outside the area is damaged; its header is not.
    Path last = run.source.resolve("tiles/part5.tif");
    byte[] bytes = Files.readAllBytes(last);
    Arrays.fill(bytes, bytes.length / 2, bytes.length, (byte) 0);
    Files.write(last, bytes);
    run.chips =
        ChipOptions.builder()
            .chipSize(CHIP)
            .area(Optional.of(new ChipArea(FIRST_CHIP, ChipArea.Rule.INTERSECTS)))
            .build();
    equalsPlain(1);
  }

  private void refused(String xml, String reason) throws Exception {
    mosaic(xml);
    RunReport report = embed();
    assertThat(report.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(report.failures()).hasSize(1);
    assertThat(report.failures().get(0).reason()).contains(reason);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "<GeoTransform> 500000.0 | <GeoTransform> 500000.2 | has another extent or CRS than"
            + " mosaic_20240301.vrt states",
        "EPSG:32614 | EPSG:32615 | has another extent or CRS than mosaic_20240301.vrt states",
        "DstRect xOff=\"100.0 | DstRect xOff=\"100.4 | a source between the pixels of the raster",
        "DstRect xOff=\"100.0 | DstRect xOff=\"290.0 | a source that extends beyond the raster",
        "SrcRect xOff=\"0.0 | SrcRect xOff=\"-1.0 | a source that extends beyond the raster",
        "ySize=\"77\" /><DstRect | ySize=\"38\" /><DstRect | a source of 100 × 38 px on 100 × 77"
            + " px",
        "dataType=\"Byte\" band=\"2\" | dataType=\"CInt16\" band=\"2\" | pixels of type CInt16",
        "part1.tif</SourceFilename><SourceBand>2 | part1.tif</SourceFilename><SourceBand>1 | bands"
            + " 2 and 1 of files in one band",
        "part1.tif</SourceFilename><SourceBand>2 | part2.tif</SourceFilename><SourceBand>2 | bands"
            + " with different sources",
      })
  void refusesWhatWouldBeResampledOrIsElsewhere(String from, String to, String reason)
      throws Exception {
    sideBySide("", file -> file);
    String changed = vrt().replace(from, to);
    assertThat(changed).isNotEqualTo(vrt());
    refused(changed, reason);
  }

  @Test
  void refusesFilesOfOtherTypesOrOrientations() throws Exception {
    part(0, 0, 150, HEIGHT, "", file -> file);
    part(150, 0, 150, HEIGHT, "", file -> file.type("uint16"));
    refused(vrt(), "expected one whose values the VRT leaves as they are (UINT8), found UINT16");
    run.keys.clear();
    refused(
        vrt().replace("dataType=\"Byte\"", "dataType=\"UInt16\""),
        "expected pixels of type UINT8 as in tiles/part0.tif, found UINT16");
  }
}
