package dev.kiln.quirks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.chip.RadiometricOffset;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.export.RandomCheckpoint;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.run.ChipOptions;
import dev.kiln.run.EmbedRequest;
import dev.kiln.run.Embedder;
import dev.kiln.run.RunReport;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.testing.Distance;
import dev.kiln.type.DataType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.io.WKBReader;

/**
 * Inputs as real archives contain them. Each is compared with a plain input of the same ground:
 * either the vectors are the same, or the scene is refused with a message that names the reason.
 */
class QuirksTest {
  /** The project's limit for the same input on the same encoder. */
  private static final double TOLERANCE = 2e-5;

  @TempDir static Path shared;
  private static final Map<String, ModelDirectory> MODELS = new TreeMap<>();

  @TempDir Path directory;

  /** Random weights suffice to distinguish two inputs. */
  @BeforeAll
  static void export() throws Exception {
    Path checkpoint = shared.resolve("micro.ckpt");
    new RandomCheckpoint(Architecture.named("micro"), DataType.FP32, 1, 0).write(checkpoint);
    Stream<Platform> builtIn =
        Stream.of(
                "linz",
                "modis",
                "sentinel-1-rtc",
                "sentinel-2-l2a",
                "satellogic-MSI-L1D",
                "naip",
                "planetscope-sr",
                "landsat-c2l2-sr")
            .map(PlatformCatalog.builtIn()::get);
    List<Platform> platforms =
        Stream.concat(builtIn, OtherPlatformQuirks.PLATFORMS.stream()).toList();
    ModelDirectory model =
        Exporter.export(
            checkpoint,
            new Exporter.Options(platforms, List.of(QuirkScene.CHIP), false, false),
            shared.resolve("model"));
    platforms.forEach(platform -> MODELS.put(platform.name(), model));
  }

  static Stream<Quirk> quirks() {
    return Quirks.all();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("quirks")
  void isEmbeddedLikeThePlainInputOrRefused(Quirk quirk) throws Exception {
    Path source = directory.resolve("source");
    String plain = quirk.plain().get().write(source, "plain");
    String quirky = quirk.quirky().get().write(source, "quirky");
    RunReport report = embed(quirk, List.of(plain, quirky), source);
    Path plainFile = directory.resolve("out/plain/scene.parquet");
    Path quirkyFile =
        directory.resolve("out").resolve(quirky.replaceFirst("\\.[^.]+$", ".parquet"));
    if (quirk.refusal().isPresent()) {
      assertThat(report.exitCode()).isEqualTo(ExitCode.SCENES_FAILED);
      assertThat(report.failures()).hasSize(1);
      assertThat(report.failures().get(0).key()).isEqualTo(quirky);
      assertThat(report.failures().get(0).reason()).contains(quirk.refusal().get());
      assertThat(plainFile).exists();
      assertThat(quirkyFile).doesNotExist();
    } else {
      assertThat(report.exitCode()).as(report.summary()).isEqualTo(ExitCode.DONE);
      same(EmbeddingFile.open(plainFile), EmbeddingFile.open(quirkyFile), quirk);
    }
  }

  @Test
  void anOffsetForAnotherPlatformIsRefusedBeforeTheRun() {
    ChipOptions options =
        ChipOptions.builder().radiometricOffset(RadiometricOffset.MINUS_1000).build();
    Platform naip = PlatformCatalog.builtIn().get("naip");
    assertThatThrownBy(() -> options.requireFits(naip))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("--radiometric-offset", "naip");
  }

  private RunReport embed(Quirk quirk, List<String> keys, Path source) throws Exception {
    EncoderOptions cpu = EncoderOptions.of(EncoderOptions.Kind.CPU);
    try (ObjectStore from = ObjectStores.open(source.toString());
        ObjectStore to = ObjectStores.open(directory.resolve("out").toString())) {
      return new Embedder()
          .embed(
              EmbedRequest.builder()
                  .model(MODELS.get(quirk.platform()), quirk.platform())
                  .sceneKeys(keys)
                  .source(from)
                  .out(to)
                  .chips(ChipOptions.builder().chipSize(QuirkScene.CHIP).build())
                  .encoder(cpu)
                  .build());
    }
  }

  private static void same(EmbeddingFile plain, EmbeddingFile quirky, Quirk quirk)
      throws Exception {
    for (String column : List.of("chip_x", "chip_y", "gsd")) {
      assertThat(quirky.values(column)).as(column).isEqualTo(plain.values(column));
    }
    assertThat(plain.rows()).isEqualTo(quirk.chips());
    float[] expected = plain.vectors(0).values();
    float[] found = quirky.vectors(0).values();
    int dim = plain.vectors(0).dim();
    List<Double> distances = new ArrayList<>();
    for (int i = 0; i < plain.rows(); i++) {
      double distance = Distance.relative(found, expected, i * dim, dim);
      distances.add(distance);
      assertThat(distance).as("chip %d", i).isLessThanOrEqualTo(TOLERANCE);
      sameGround(
          (byte[]) plain.values("geometry").get(i), (byte[]) quirky.values("geometry").get(i));
    }
    System.out.printf("quirk %s: relative L2 %s%n", quirk, distances);
  }

  private static void sameGround(byte[] plain, byte[] quirky) throws Exception {
    Coordinate[] expected = new WKBReader().read(plain).getCoordinates();
    Coordinate[] found = new WKBReader().read(quirky).getCoordinates();
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(found[i].x).isCloseTo(expected[i].x, within(1e-9));
      assertThat(found[i].y).isCloseTo(expected[i].y, within(1e-9));
    }
  }
}
