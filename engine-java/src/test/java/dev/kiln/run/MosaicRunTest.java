package dev.kiln.run;

import static dev.kiln.testing.TestMosaic.HEIGHT;
import static dev.kiln.testing.TestMosaic.WIDTH;
import static dev.kiln.testing.TestMosaic.ground;
import static dev.kiln.testing.TestMosaic.pixel;
import static dev.kiln.testing.TestMosaic.rect;
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
import dev.kiln.testing.TestMosaic;
import java.nio.file.Files;
import java.nio.file.Path;
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
  private static final int FILLER = 9;

  /** West of the central meridian of the zone to the middle of the first chip. */
  private static final AreaOfInterest FIRST_CHIP =
      AreaOfInterest.ofBox(-99.0002, 46.9534, -98.9999, 46.9536);

  @TempDir Path directory;
  private TestRun run;
  private TestMosaic mosaic;

  @BeforeEach
  void start() {
    run = TestRun.of("linz", directory);
    mosaic = new TestMosaic(run.source);
    run.chips = ChipOptions.builder().chipSize(CHIP).build();
    run.wrapSource =
        store -> {
          store.close();
          return ObjectStores.openSource(
              run.source.toString(), StoreOptions.standard(), SourceRules.standard());
        };
  }

  private void plain(UnaryOperator<GeoTiffs> change) throws Exception {
    run.scene("plain_20240301.tif", change.apply(ground(0, 0, WIDTH, HEIGHT)));
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
    mosaic(mosaic.vrt());
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
    mosaic.sideBySide("", file -> file);
    equalsPlain(chips);
  }

  @Test
  void laterFilesCoverEarlierOnes() throws Exception {
    plain(file -> file);
    mosaic.part(
        0, 0, 200, HEIGHT, "", file -> file.pixels((b, x, y) -> x < 150 ? pixel(b, x, y) : 250));
    mosaic.part(150, 0, 150, HEIGHT, "", file -> file);
    equalsPlain(12);
  }

  @Test
  void nodataCoversNothing() throws Exception {
    plain(file -> file.nodata(FILLER));
    mosaic.band("<NoDataValue>9</NoDataValue>");
    String more = "<NODATA>9</NODATA>";
    mosaic.part(0, 0, 200, HEIGHT, more, file -> file.nodata(FILLER));
    mosaic.part(
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
    mosaic.band("<NoDataValue>9</NoDataValue>");
    mosaic.part(0, 0, 90, HEIGHT, "<NODATA>9</NODATA>", file -> file.nodata(FILLER));
    mosaic.part(110, 0, 190, HEIGHT, "<NODATA>9</NODATA>", file -> file.nodata(FILLER));
    run.chips = ChipOptions.builder().chipSize(CHIP).maxNodata(0.5).build();
    equalsPlain(12);
  }

  @Test
  void gapsWithoutNodataAreLikeMaskedPixels() throws Exception {
    plain(file -> file.mask((x, y) -> x >= 90 && x < 110));
    mosaic.part(0, 0, 90, HEIGHT, "", file -> file);
    mosaic.part(110, 0, 190, HEIGHT, "", file -> file);
    run.chips = ChipOptions.builder().chipSize(CHIP).maxNodata(0.5).build();
    equalsPlain(12);
  }

  @Test
  void masksOfFilesCount() throws Exception {
    plain(file -> file.mask((x, y) -> x >= 90 && x < 110));
    String more = "<UseMaskBand>true</UseMaskBand>";
    mosaic.part(0, 0, 150, HEIGHT, more, file -> file.mask((x, y) -> x >= 90));
    mosaic.part(100, 0, 200, HEIGHT, more, file -> file.mask((x, y) -> x < 10));
    run.chips = ChipOptions.builder().chipSize(CHIP).maxNodata(0.5).build();
    equalsPlain(12);
  }

  @Test
  void chipsWithoutAFileAreLeftOut() throws Exception {
    plain(file -> file);
    mosaic.part(0, 0, CHIP, HEIGHT, "", file -> file);
    mosaic(mosaic.vrt());
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
      mosaic.source(
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
    mosaic.sideBySide("", file -> file);
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
    mosaic.sideBySide("", file -> file);
    String changed = mosaic.vrt().replace(from, to);
    assertThat(changed).isNotEqualTo(mosaic.vrt());
    refused(changed, reason);
  }

  @Test
  void refusesFilesOfOtherTypesOrOrientations() throws Exception {
    mosaic.part(0, 0, 150, HEIGHT, "", file -> file);
    mosaic.part(150, 0, 150, HEIGHT, "", file -> file.type("uint16"));
    refused(
        mosaic.vrt(), "expected one whose values the VRT leaves as they are (UINT8), found UINT16");
    run.keys.clear();
    refused(
        mosaic.vrt().replace("dataType=\"Byte\"", "dataType=\"UInt16\""),
        "expected pixels of type UINT8 as in tiles/part0.tif, found UINT16");
  }
}
