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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
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

  /** All quirks by the name of their directory. */
  private static final Map<String, Quirk> QUIRKS = new LinkedHashMap<>();

  /** Reasons of failed scenes by their keys. */
  private static final Map<String, String> FAILURES = new TreeMap<>();

  /** Keys of quirky scenes by the name of their directory. */
  private static final Map<String, String> KEYS = new TreeMap<>();

  static {
    Quirks.all().forEach(quirk -> QUIRKS.put("q" + QUIRKS.size(), quirk));
  }

  /** Embeds all scenes, in one run per platform. Random weights suffice to distinguish inputs. */
  @BeforeAll
  static void embed() throws Exception {
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
    for (Platform platform : platforms) {
      embed(model, platform.name());
    }
  }

  private static void embed(ModelDirectory model, String platform) throws Exception {
    Path source = shared.resolve("source");
    // Plain scenes first: a run ends early if nothing but its first scenes fails.
    List<String> plain = new ArrayList<>();
    List<String> quirky = new ArrayList<>();
    for (Map.Entry<String, Quirk> entry : QUIRKS.entrySet()) {
      Quirk quirk = entry.getValue();
      if (quirk.platform().equals(platform)) {
        plain.add(quirk.plain().get().write(source, entry.getKey() + "/plain"));
        String key = quirk.quirky().get().write(source, entry.getKey() + "/quirky");
        quirky.add(key);
        KEYS.put(entry.getKey(), key);
      }
    }
    List<String> keys = Stream.concat(plain.stream(), quirky.stream()).toList();
    try (ObjectStore from = ObjectStores.open(source.toString());
        ObjectStore to = ObjectStores.open(shared.resolve("out").toString())) {
      RunReport report =
          new Embedder()
              .embed(
                  EmbedRequest.builder()
                      .model(model, platform)
                      .sceneKeys(keys)
                      .source(from)
                      .out(to)
                      .chips(ChipOptions.builder().chipSize(QuirkScene.CHIP).build())
                      .encoder(EncoderOptions.of(EncoderOptions.Kind.CPU))
                      .build());
      assertThat(report.exitCode())
          .as(report.summary())
          .isIn(ExitCode.DONE, ExitCode.SCENES_FAILED);
      report.failures().forEach(failed -> FAILURES.put(failed.key(), failed.reason()));
    }
  }

  static Stream<Arguments> quirks() {
    return QUIRKS.entrySet().stream().map(quirk -> Arguments.of(quirk.getValue(), quirk.getKey()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("quirks")
  void isEmbeddedLikeThePlainInputOrRefused(Quirk quirk, String name) throws Exception {
    String key = KEYS.get(name);
    Path out = shared.resolve("out");
    Path plainFile = out.resolve(name + "/plain/scene.parquet");
    Path quirkyFile = out.resolve(key.replaceFirst("\\.[^.]+$", ".parquet"));
    String failure = FAILURES.getOrDefault(key, "");
    assertThat(plainFile).as(name + "/plain").exists();
    if (quirk.refusal().isPresent()) {
      assertThat(failure).contains(quirk.refusal().get());
      assertThat(quirkyFile).doesNotExist();
    } else {
      assertThat(failure).isEmpty();
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
