package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.testing.FakeEncoder;
import dev.kiln.testing.GeoTiffs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One bad scene is named, counted and reported, and the others are embedded. */
@Timeout(60)
class BadScenesTest {
  private static final String BAD = TestRun.key(7, "100cm");

  @TempDir Path directory;

  /** Spoils the scene at {@link #BAD}. */
  interface Spoil {
    void apply(Path file) throws IOException;
  }

  static Stream<Arguments> badScenes() {
    return Stream.of(
        bad("missing", file -> {}, "no such object"),
        bad("empty", file -> write(file, new byte[0]), "empty (0 bytes)"),
        bad("not a TIFF", file -> write(file, "<html>no</html>".getBytes()), "not a GeoTIFF"),
        bad("cut in its pixels", file -> cut(file, 0.5), "truncated or corrupt"),
        bad("cut in its header", file -> cut(file, 0.0001), "corrupt TIFF"),
        bad("corrupt tile", BadScenesTest::corrupt, "cannot decode pixels"),
        bad(
            "3 bands",
            file -> GeoTiffs.naip().bands(3).write(file),
            "expected at least 4 bands, found 3"),
        bad(
            "uint16",
            file -> GeoTiffs.naip().type("uint16").write(file),
            "pixel type: expected UINT8"),
        bad(
            "float64",
            file -> GeoTiffs.naip().type("float64").write(file),
            "expected pixels of type uint8, uint16, int16 or float32"),
        bad(
            "JPEG XL",
            file -> compressed(GeoTiffs.naip().write(file), 52546),
            "a compression that the installed GDAL decodes, found JPEG XL: convert the file"),
        bad(
            "an unknown compression",
            file -> compressed(GeoTiffs.naip().write(file), 65000),
            "found compression 65000: convert the file"),
        bad(
            "no CRS",
            file -> GeoTiffs.naip().epsg(0).write(file),
            "expected a CRS in metres, found none"),
        bad(
            "degrees",
            file ->
                GeoTiffs.naip().epsg(4326).geotransform(-100, 1e-5, 0, 47, 0, -1e-5).write(file),
            "expected a CRS in metres, found WGS 84"),
        bad(
            "feet",
            file -> GeoTiffs.naip().epsg(2264).write(file),
            "expected a CRS in metres, found NAD83 / North Carolina (ftUS)"),
        bad(
            "no geotransform",
            file -> GeoTiffs.naip().geotransform(null).write(file),
            "expected a geotransform, found none: georeference the file"),
        bad(
            "pixel coordinates",
            file -> withoutOrigin(GeoTiffs.naip().write(file)),
            "expected a geotransform, found none: georeference the file"),
        bad(
            "ground control points only",
            file -> withoutPixelScale(GeoTiffs.naip().write(file)),
            "found 1 ground control points: rectify the file with gdalwarp"),
        bad(
            "rotated",
            file -> GeoTiffs.naip().geotransform(5e5, 1, 0.1, 52e5, 0.1, -1).write(file),
            "found a geotransform rotated by 5.7 degrees: rectify the file with gdalwarp"),
        bad(
            "smaller than a chip",
            file -> GeoTiffs.naip().size(255, 600).write(file),
            "expected at least one chip of 256 px, found 255 × 600 px"));
  }

  /**
   * Renames the field of the pixel size: what remains is a point that ties pixels to the ground.
   */
  private static void withoutPixelScale(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    byte[] field = {0x0E, (byte) 0x83, 12, 0, 3, 0, 0, 0};
    for (int i = 0; i < bytes.length - field.length; i++) {
      if (Arrays.equals(bytes, i, i + field.length, field, 0, field.length)) {
        bytes[i] = (byte) 0xE8;
        bytes[i + 1] = (byte) 0xFD;
      }
    }
    Files.write(file, bytes);
  }

  /** Moves the upper left corner to the origin of the coordinates; pixels have an edge of 1. */
  private static void withoutOrigin(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    ByteBuffer values = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i + Double.BYTES <= bytes.length; i++) {
      double value = values.getDouble(i);
      if (value == 500_000 || value == 5_200_000) {
        values.putDouble(i, 0);
      }
    }
    Files.write(file, bytes);
  }

  /** Changes the field of the compression. */
  private static void compressed(Path file, int code) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    byte[] field = {0x03, 0x01, 3, 0, 1, 0, 0, 0};
    for (int i = 0; i < bytes.length - field.length; i++) {
      if (Arrays.equals(bytes, i, i + field.length, field, 0, field.length)) {
        bytes[i + 8] = (byte) code;
        bytes[i + 9] = (byte) (code >> 8);
      }
    }
    Files.write(file, bytes);
  }

  private static Arguments bad(String name, Spoil spoil, String reason) {
    return Arguments.of(name, spoil, reason);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badScenes")
  void badSceneIsReportedAndOthersAreEmbedded(String name, Spoil spoil, String reason)
      throws Exception {
    TestRun run = new TestRun(directory).scene(1);
    run.keys.add(BAD);
    Files.createDirectories(run.source.resolve(BAD).getParent());
    spoil.apply(run.source.resolve(BAD));
    run.scene(2);

    RunReport report = run.embed(new FakeEncoder(TestRun.NAIP, 256, 3));

    assertThat(report.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(report.failures()).hasSize(1);
    FailedScene failed = report.failures().get(0);
    assertThat(failed.key()).isEqualTo(BAD);
    assertThat(failed.kind()).isEqualTo(FailedScene.Kind.PERMANENT);
    assertThat(failed.reason()).contains(reason).doesNotContain("\n").doesNotContain("/vsimem");
    assertThat(run.file(run.keys.get(0))).exists();
    assertThat(run.file(run.keys.get(2))).exists();
    assertThat(run.files()).hasSize(2);
    assertThat(new String(report.json())).contains(BAD);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nd/2018/100cm/rgb/47099/m_4709963_se_14_1_20180716.tif",
        "nd/2018/100cm/rgbir_cog/47099/m_4709963_se_14_1.tif",
        "nd/2018/rgbir_cog/47099/m_4709963_se_14_1_20180716.tif",
        "manifest.txt"
      })
  void invalidKeyIsReported(String key) throws Exception {
    TestRun run = new TestRun(directory).scene(1);
    run.keys.add(key);
    RunReport report = run.embed(new FakeEncoder(TestRun.NAIP, 256, 3));
    assertThat(report.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(report.failures()).extracting(FailedScene::key).containsExactly(key);
    assertThat(run.files()).hasSize(1);
  }

  private static void write(Path file, byte[] bytes) throws IOException {
    Files.write(file, bytes);
  }

  private static void cut(Path file, double share) throws IOException {
    GeoTiffs.naip().write(file);
    byte[] bytes = Files.readAllBytes(file);
    write(file, Arrays.copyOf(bytes, Math.max(20, (int) (bytes.length * share))));
  }

  private static void corrupt(Path file) throws IOException {
    GeoTiffs.naip().write(file);
    byte[] bytes = Files.readAllBytes(file);
    byte[] noise = new byte[20_000];
    new Random(1).nextBytes(noise);
    System.arraycopy(noise, 0, bytes, bytes.length / 3, noise.length);
    write(file, bytes);
  }
}
