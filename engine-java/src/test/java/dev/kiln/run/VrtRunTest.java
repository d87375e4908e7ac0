package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.archive.ListingStats;
import dev.kiln.archive.VrtFile;
import dev.kiln.error.ExitCode;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.testing.Distance;
import dev.kiln.testing.FakeEncoder;
import dev.kiln.testing.GeoTiffs;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A VRT gives the vectors of a file with the same bands, or is refused with the reason. */
@Timeout(60)
class VrtRunTest {
  private static final int CHIP = 64;
  private static final int SIZE = 140;
  private static final String FULL = rect("SrcRect", SIZE) + rect("DstRect", SIZE);

  @TempDir Path directory;
  private TestRun run;

  private static double pixel(int band, int x, int y) {
    return 20 + (band * 37 + x * 7 + y * 13 + x * y) % 200;
  }

  private static String rect(String name, int size) {
    return "<%s xOff=\"0\" yOff=\"0\" xSize=\"%d\" ySize=\"%d\"/>".formatted(name, size, size);
  }

  private static String source(String file, int band, String rest) {
    return ("<SimpleSource><SourceFilename relativeToVRT=\"1\">%s</SourceFilename>"
            + "<SourceBand>%d</SourceBand>%s</SimpleSource>")
        .formatted(file, band, rest);
  }

  private static String band(int number, String content) {
    return "<VRTRasterBand dataType=\"Byte\" band=\"%d\">%s</VRTRasterBand>"
        .formatted(number, content);
  }

  private static String vrt(String... content) {
    return "<VRTDataset rasterXSize=\"%d\" rasterYSize=\"%d\">%s</VRTDataset>"
        .formatted(SIZE, SIZE, String.join("\n", content));
  }

  private GeoTiffs file(int... bands) {
    return GeoTiffs.naip()
        .bands(bands.length)
        .size(SIZE, SIZE)
        .pixels((b, x, y) -> pixel(bands[b], x, y));
  }

  @BeforeEach
  void files() throws Exception {
    run = TestRun.of("linz", directory);
    run.chips = ChipOptions.builder().chipSize(CHIP).build();
    run.wrapSource =
        store -> {
          store.close();
          return ObjectStores.openSource(
              run.source.toString(), StoreOptions.standard(), SourceRules.standard());
        };
    run.scene("plain_20240301.tif", file(0, 1, 2));
  }

  private void add(String key, String content) throws Exception {
    Files.createDirectories(run.source.resolve(key).getParent());
    Files.writeString(run.source.resolve(key), content);
    run.keys.add(key);
  }

  private RunReport embed() throws Exception {
    return run.embed(new FakeEncoder(run.platform, CHIP, 5));
  }

  private void equalsPlain(String key) throws Exception {
    RunReport report = embed();
    assertThat(report.exitCode()).as(report.summary()).isEqualTo(ExitCode.DONE);
    EmbeddingFile plain = EmbeddingFile.open(run.file(run.keys.get(0)));
    EmbeddingFile found = EmbeddingFile.open(run.file(key));
    assertThat(found.rows()).isEqualTo(4);
    assertThat(found.vectors(0).values()).isEqualTo(plain.vectors(0).values());
    assertThat(found.values("geometry")).hasSize(4);
    assertThat(found.values("datetime")).isEqualTo(plain.values("datetime"));
  }

  @Test
  void namesOfFilesTellTheirBands() throws Exception {
    List<String> names = List.of("x_B.tif", "x_G.tif", "x_R.tif");
    for (int i = 0; i < 3; i++) {
      file(2 - i).write(run.source.resolve(names.get(i)));
    }
    String key = "scene_20240301.vrt";
    add(
        key,
        vrt(
            "<SRS>EPSG:32614</SRS>",
            "<GeoTransform> 5.0e+05, 1.0, 0.0, 5200000, 0.0, -1.0</GeoTransform>",
            band(1, source(names.get(0), 1, FULL)),
            band(2, source(names.get(1), 1, FULL)),
            band(3, source(names.get(2), 1, FULL))));
    equalsPlain(key);
  }

  @Test
  void numbersOfFilesInAnotherOrderAreRefused() throws Exception {
    for (int i = 1; i <= 3; i++) {
      file(i - 1).write(run.source.resolve("x_B" + i + ".tif"));
    }
    add(
        "scene_20240301.vrt",
        vrt(
            band(1, source("x_B3.tif", 1, FULL)),
            band(2, source("x_B2.tif", 1, FULL)),
            band(3, source("x_B1.tif", 1, FULL))));
    RunReport report = embed();
    assertThat(report.failures()).hasSize(1);
    assertThat(report.failures().get(0).reason())
        .contains("found 3 (Band 3, Band 2, Band 1): state them with --bands");
  }

  @Test
  void bandsOfSeveralFiles() throws Exception {
    file(0).write(run.source.resolve("parts/red one.tif"));
    file(1, 1).write(run.source.resolve("parts/100%25.tif"));
    file(2).write(run.source.resolve("blue.tif"));
    String key = "parts/scene_20240301.vrt";
    add(
        key,
        vrt(
            "<SRS>EPSG:32614</SRS>",
            "<GeoTransform> 5.0e+05, 1.0, 0.0, 5200000, 0.0, -1.0</GeoTransform>",
            band(1, source("red one.tif", 1, FULL)),
            band(2, source("100%25.tif", 2, FULL)),
            band(3, source("../blue.tif", 1, ""))));
    equalsPlain(key);
  }

  @Test
  void bandsOfOneFileByNameAndInAnotherOrder() throws Exception {
    file(2, 3, 0, 1).write(run.source.resolve("four.tif"));
    String absolute = run.source.resolve("four.tif").toAbsolutePath().toString();
    String key = "named_20240301.vrt";
    add(
        key,
        vrt(
            "<OverviewList>2 4</OverviewList>",
            band(1, "<Description>green</Description>" + source(absolute, 4, FULL)),
            band(
                2,
                "<Description>red</Description><NoDataValue>0</NoDataValue>"
                    + source(absolute, 3, FULL)
                        .replace("Simple", "Complex")
                        .replace("</Complex", "<NODATA>0</NODATA></Complex")),
            band(3, "<Description>blue</Description>" + source(absolute, 1, FULL))));
    equalsPlain(key);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "<GeoTransform>500001, 1, 0, 5200000, 0, -1</GeoTransform> | another extent or CRS",
        "<SRS>EPSG:32615</SRS><GeoTransform>500000, 1, 0, 5200000, 0, -1</GeoTransform> | another"
            + " extent or CRS",
        "<GeoTransform>500000, 1, 0.5, 5200000, 0, -1</GeoTransform> | not north-up",
        "<GCPList><GCP/></GCPList> | rectify with gdalwarp",
      })
  void refusesAnotherPlace(String content, String reason) throws Exception {
    add("a_20240301.vrt", plain(content));
    refused(reason);
  }

  private static String plain(String content) {
    StringBuilder bands = new StringBuilder();
    for (int b = 1; b <= 3; b++) {
      bands.append(band(b, source("plain_20240301.tif", b, FULL)));
    }
    return vrt(content, bands.toString());
  }

  private void refused(String reason) throws Exception {
    RunReport report = embed();
    assertThat(report.failures()).hasSize(1);
    assertThat(report.failures().get(0).reason()).contains(reason);
    assertThat(report.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
  }

  @Test
  void refusesFilesOfAnotherSize() throws Exception {
    add("a_20240301.vrt", plain("").replace("\"" + SIZE + "\"", "\"70\""));
    refused("expected files of 70 × 70 px, found 140 × 140 px");
  }

  @ParameterizedTest
  @CsvSource({
    "../../outside.tif, leads out of the source",
    "/etc/passwd, outside the source",
    "other.vrt, not a GeoTIFF",
  })
  void filesAreInsideTheSource(String name, String reason) throws Exception {
    Files.writeString(run.source.resolve("other.vrt"), plain(""));
    add("a_20240301.vrt", plain("").replace("plain_20240301.tif", name));
    refused(reason);
  }

  @Test
  void valuesWithoutDataThatGetAnotherValueHaveNoData() throws Exception {
    GeoTiffs holes = file(0, 1, 2).pixels((b, x, y) -> x % CHIP < 3 ? 9 : pixel(b, x, y)).nodata(9);
    run.keys.clear();
    run.scene("nodata_20240301.tif", holes);
    GeoTiffs.naip()
        .bands(3)
        .size(SIZE, SIZE)
        .pixels((b, x, y) -> x % CHIP < 3 ? 9 : pixel(b, x, y))
        .write(run.source.resolve("filled.tif"));
    String key = "replaced_20240301.vrt";
    List<String> bands = new ArrayList<>();
    for (int b = 1; b <= 3; b++) {
      String source = source("filled.tif", b, FULL + "<NODATA>9</NODATA>");
      bands.add(
          band(
              b,
              "<NoDataValue>77</NoDataValue>" + source.replace("SimpleSource", "ComplexSource")));
    }
    add(key, vrt("<GeoTransform>5e5,1,0,52e5,0,-1</GeoTransform>", String.join("\n", bands)));
    equalsPlain(key);
  }

  @Test
  void scalesAreThoseOfBands() throws Exception {
    GeoTiffs.naip()
        .bands(3)
        .type("int16")
        .size(SIZE, SIZE)
        .pixels((b, x, y) -> 10 * pixel(b, x, y) + 70)
        .write(run.source.resolve("scaled.tif"));
    String key = "scaled_20240301.vrt";
    List<String> bands = new ArrayList<>();
    for (int b = 1; b <= 3; b++) {
      String described = "<Offset>-7</Offset><Scale>0.1</Scale>" + source("scaled.tif", b, FULL);
      bands.add(band(b, described).replace("Byte", "Int16"));
    }
    add(key, vrt(String.join("\n", bands)));
    RunReport report = embed();
    assertThat(report.exitCode()).as(report.summary()).isEqualTo(ExitCode.DONE);
    float[] plain = EmbeddingFile.open(run.file(run.keys.get(0))).vectors(0).values();
    float[] found = EmbeddingFile.open(run.file(key)).vectors(0).values();
    assertThat(Distance.relative(found, plain, 0, plain.length)).isLessThanOrEqualTo(2e-5);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "band=\"1\" | band=\"1\" subClass=\"VRTDerivedRasterBand\" | found VRTDerivedRasterBand",
        "band=\"1\" | band=\"1\" subClass=\"VRTRawRasterBand\" | found VRTRawRasterBand",
        "<VRTDataset | <VRTDataset subClass=\"VRTWarpedDataset\" | found VRTWarpedDataset",
        "SimpleSource | AveragedSource | found AveragedSource",
        "<SourceBand>1 | <LUT>0:0,1:2</LUT><SourceBand>1 | found LUT",
        "<SourceBand>1 | <ScaleRatio>2</ScaleRatio><SourceBand>1 | found ScaleRatio",
        "<SourceBand>1 | <SourceBand>mask,1 | source band mask,1",
        "DstRect xOff=\"0\" | DstRect xOff=\"9\" | a mosaic without geotransform",
        "SrcRect xOff=\"0\" | SrcRect xOff=\"9\" | a mosaic without geotransform",
        "SrcRect xOff=\"0\" | SrcRect xOff=\"none\" | expected a number, found 'none'",
        "rasterXSize=\"140\" | rasterXSize=\"-1\" | rasterXSize: expected a size in pixels",
        "<VRTDataset | <!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><VRTDataset |"
            + " DOCTYPE",
        "</VRTDataset> | <VRTDataset> | not a VRT",
        "plain_20240301.tif | /vsicurl/http://127.0.0.1:1/x.tif | expected the path of a GeoTIFF",
        "plain_20240301.tif | http://127.0.0.1:1/x.tif | expected the path of a GeoTIFF",
        "plain_20240301.tif | file:///etc/passwd | expected the path of a GeoTIFF",
        "plain_20240301.tif | NETCDF:x.nc:y | expected the path of a GeoTIFF",
        "<SimpleSource | <Metadata domain=\"IMAGE_STRUCTURE\"><MDI"
            + " key=\"PIXELTYPE\">SIGNEDBYTE</MDI></Metadata><SimpleSource | found signed bytes",
        "VRTDataset | OtherDataset | expected a VRT with the element VRTDataset",
      })
  void refusesWhatComputesPixels(String from, String to, String reason) {
    String changed = plain("").replace(from.strip(), to.strip());
    assertThat(changed).isNotEqualTo(plain(""));
    assertThatThrownBy(() -> parse(changed))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining(reason.strip());
  }

  private static VrtFile parse(String xml) throws SceneException {
    return VrtFile.parse("a.vrt", xml.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void damagedFilesAreSceneFaults() throws Exception {
    byte[] valid =
        plain("<GeoTransform>1,1,0,1,0,-1</GeoTransform>").getBytes(StandardCharsets.UTF_8);
    Random random = new Random(1);
    for (int i = 0; i < 2000; i++) {
      byte[] damaged = valid.clone();
      for (int j = 0; j <= random.nextInt(4); j++) {
        damaged[random.nextInt(damaged.length)] = (byte) "<>/\"09.-ax &".charAt(random.nextInt(12));
      }
      try {
        VrtFile.parse("a.vrt", damaged);
      } catch (SceneException e) {
        assertThat(e.kind()).isEqualTo(SceneException.Kind.PERMANENT);
      }
    }
  }

  @Test
  void directoriesListVirtualRastersInsteadOfTheirFiles() throws Exception {
    file(0).write(run.source.resolve("sub/other_20240301.tif"));
    add("whole_20240301.vrt", plain("").replace("plain_", run.source.toAbsolutePath() + "/plain_"));
    add("sub/mosaic.vrt", vrt(band(1, source("a.tif", 1, FULL).replace("Simple", "Averaged"))));
    ListingStats stats = new ListingStats();

    ImageFiles found = ImageFiles.in(run.source.toString(), StoreOptions.standard(), stats);

    assertThat(found.keys()).containsExactly("sub/other_20240301.tif", "whole_20240301.vrt");
    ImageFiles.Checked checked = found.check(StoreOptions.standard(), stats);
    assertThat(checked.readable()).isEqualTo(List.copyOf(found.keys()));
    assertThat(checked.undated()).isZero();
  }
}
