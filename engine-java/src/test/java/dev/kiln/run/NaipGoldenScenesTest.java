package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.archive.SceneArchive;
import dev.kiln.chip.LocationOrder;
import dev.kiln.export.Exporter;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.Encoders;
import dev.kiln.infer.Precision;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.Provenance;
import dev.kiln.testing.Npy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.io.WKBReader;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Real NAIP clips through the whole engine give what the real Clay encoder gives. */
@Timeout(300)
class NaipGoldenScenesTest {
  private static final Path SHARED = Path.of(System.getProperty("kiln.shared", "../../shared"));
  private static final Path SCENES = SHARED.resolve("golden/scenes/naip");
  private static final double TOLERANCE = 2e-5;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(LocationOrder.class)
  void equalsTheRealEncoder(LocationOrder order) throws Exception {
    assumeTrue(Files.isDirectory(SCENES), "golden scenes are not at " + SCENES);
    List<String> keys =
        List.of(
            "nd/2014/100cm/rgbir_cog/47099/m_4709963_se_14_1_20140720.tif",
            "nd/2018/100cm/rgbir_cog/47099/m_4709963_se_14_1_20180716.tif",
            "nd/2020/100cm/rgbir_cog/47099/m_4709963_se_14_1_20200831.tif");
    Path out = folder.resolve("out");
    RunReport report = embed(keys, order, out);
    assertThat(report.exitCode()).as(report.summary()).isZero();
    for (String key : keys) {
      compare(out.resolve(key.replace(".tif", ".parquet")), order);
    }
  }

  private RunReport embed(List<String> keys, LocationOrder order, Path out) throws Exception {
    Platform naip = PlatformCatalog.builtIn().get("naip");
    ModelDirectory model =
        Exporter.export(
            SHARED.resolve("golden/clay-tiny.ckpt"),
            new Exporter.Options(List.of(naip), List.of(256), false, false),
            folder.resolve("model"));
    try (ObjectStore source =
            ObjectStores.open(SHARED.resolve("samples/naip-analytic").toString());
        ObjectStore target = ObjectStores.open(out.toString());
        Encoder encoder =
            Encoders.open(
                model, "naip", 256, new EncoderOptions(EncoderOptions.Kind.CPU, false, Precision.FP32, 4, 0))) {
      EmbeddingJob job =
          new EmbeddingJob(
              naip,
              keys,
              SceneArchive.of(naip),
              source,
              target,
              new ChipOptions(256, order, 0.5, 0.2),
              new Provenance("test", model.hash(), "tiny", "onnxruntime", "fp32", Map.of()));
      RunOptions options = new TestRun(Path.of("unused")).options();
      return new EmbeddingRun(job, options, encoder, run -> {}).run();
    }
  }

  private static void compare(Path file, LocationOrder order) throws IOException, Exception {
    String id = file.getFileName().toString().replace(".parquet", "");
    JsonNode expected =
        JsonMapper.shared().readTree(Files.readAllBytes(SCENES.resolve(id + "/expected.json")));
    String vectors = order == LocationOrder.TRAINED ? "" : "-swapped-latlon";
    Npy embeddings = Npy.read(SCENES.resolve(id + "/embeddings" + vectors + ".npy"));
    EmbeddingFile written = EmbeddingFile.open(file);
    JsonNode chips = expected.path("chips");
    assertThat(written.rows()).isEqualTo(chips.size());
    float[] got = written.vectors(0).values();
    List<Object> x = written.values("chip_x");
    List<Object> y = written.values("chip_y");
    List<Object> geometry = written.values("geometry");
    int dim = written.vectors(0).dim();
    for (int i = 0; i < chips.size(); i++) {
      JsonNode chip = chips.get(i);
      assertThat(x.get(i)).isEqualTo(chip.path("chip_x").asInt());
      assertThat(y.get(i)).isEqualTo(chip.path("chip_y").asInt());
      assertThat(distance(got, embeddings.values(), i * dim, dim))
          .as("%s chip %d", id, i)
          .isLessThan(TOLERANCE);
      sameRing((byte[]) geometry.get(i), chip.path("polygon_lon_lat"));
    }
  }

  /** Relative L2 error. */
  private static double distance(float[] out, float[] reference, int from, int length) {
    double difference = 0;
    double norm = 0;
    for (int i = from; i < from + length; i++) {
      difference += Math.pow(out[i] - reference[i], 2);
      norm += Math.pow(reference[i], 2);
    }
    return Math.sqrt(difference / norm);
  }

  /** Both rings begin at the upper right; the expected one goes clockwise, Kiln's does not. */
  private static void sameRing(byte[] wkb, JsonNode expected) throws Exception {
    Coordinate[] ring = new WKBReader().read(wkb).getCoordinates();
    assertThat(ring).hasSize(expected.size());
    for (int i = 0; i < ring.length; i++) {
      JsonNode corner = expected.get(ring.length - 1 - i);
      assertThat(ring[i].x).isCloseTo(corner.get(0).asDouble(), within(1e-9));
      assertThat(ring[i].y).isCloseTo(corner.get(1).asDouble(), within(1e-9));
    }
  }
}
