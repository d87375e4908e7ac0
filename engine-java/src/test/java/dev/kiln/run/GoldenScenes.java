package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.archive.OutputKey;
import dev.kiln.chip.LocationOrder;
import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.export.Npy;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.testing.Distance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.io.ParseException;
import org.locationtech.jts.io.WKBReader;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Scenes with chips, footprints, cloud and nodata fractions, and vectors of the published encoder.
 */
final class GoldenScenes {
  private static final Path SHARED = Path.of(System.getProperty("kiln.shared"));
  private static final double TOLERANCE = 2e-5;

  private final Platform platform;
  private final Path samples;
  private final Path golden;

  /**
   * @param archive directory of the sample archive that mirrors the platform's bucket
   */
  GoldenScenes(String platform, String archive) {
    this.platform = PlatformCatalog.builtIn().get(platform);
    this.samples = SHARED.resolve("samples").resolve(archive);
    this.golden = SHARED.resolve("golden/scenes").resolve(platform);
    assumeTrue(Files.isDirectory(golden), "golden scenes are not at " + golden);
  }

  /** Embeds the scenes with the tiny model and compares every file. */
  void checkAll(List<String> keys, LocationOrder order, Path directory) throws Exception {
    Path out = directory.resolve("out");
    RunReport report = embed(keys, order, directory.resolve("model"), out);
    assertThat(report.exitCode()).as(report.summary()).isEqualTo(ExitCode.DONE);
    for (String key : keys) {
      check(EmbeddingFile.open(out.resolve(OutputKey.of(key))), order);
    }
  }

  private RunReport embed(List<String> keys, LocationOrder order, Path modelPath, Path out)
      throws InterruptedException {
    ModelDirectory model =
        Exporter.export(
            SHARED.resolve("golden/clay-tiny.ckpt"),
            new Exporter.Options(List.of(platform), List.of(256), false, false),
            modelPath);
    EncoderOptions cpu = EncoderOptions.of(EncoderOptions.Kind.CPU);
    try (ObjectStore source = ObjectStores.open(samples.toString());
        ObjectStore target = ObjectStores.open(out.toString())) {
      return new Embedder()
          .embed(
              EmbedRequest.builder()
                  .model(model, platform.name())
                  .sceneKeys(keys)
                  .source(source)
                  .out(target)
                  .chips(ChipOptions.builder().locationOrder(order).build())
                  .encoder(cpu)
                  .build());
    }
  }

  private void check(EmbeddingFile written, LocationOrder order)
      throws IOException, ParseException {
    String id = (String) written.values("item_id").get(0);
    JsonNode expected =
        JsonMapper.shared().readTree(Files.readAllBytes(golden.resolve(id + "/expected.json")));
    String vectors = order == LocationOrder.TRAINED ? "" : "-swapped-latlon";
    Npy embeddings = Npy.read(golden.resolve(id + "/embeddings" + vectors + ".npy"));
    JsonNode chips = expected.path("chips");
    assertThat(written.rows()).isEqualTo(chips.size());
    float[] got = written.vectors(0).values();
    int dim = written.vectors(0).dim();
    for (int i = 0; i < chips.size(); i++) {
      JsonNode chip = chips.get(i);
      assertThat(written.values("chip_x").get(i)).isEqualTo(chip.path("chip_x").asInt());
      assertThat(written.values("chip_y").get(i)).isEqualTo(chip.path("chip_y").asInt());
      assertThat(written.values("cloud").get(i)).isEqualTo((float) chip.path("cloud").asDouble());
      assertThat(written.values("nodata").get(i)).isEqualTo((float) chip.path("nodata").asDouble());
      assertThat(Distance.relative(got, embeddings.values(), i * dim, dim))
          .as("%s chip %d", id, i)
          .isLessThan(TOLERANCE);
      sameRing((byte[]) written.values("geometry").get(i), chip.path("polygon_lon_lat"));
    }
    Instant datetime = (Instant) written.values("datetime").get(0);
    assertThat(datetime.truncatedTo(ChronoUnit.SECONDS))
        .isEqualTo(Instant.parse(expected.path("datetime").asString()));
    assertThat(written.values("gsd").get(0)).isEqualTo((float) expected.path("gsd").asDouble());
  }

  /** Both rings start at the upper right; the expected one is clockwise, Kiln's is not. */
  private static void sameRing(byte[] wkb, JsonNode expected) throws ParseException {
    Coordinate[] ring = new WKBReader().read(wkb).getCoordinates();
    assertThat(ring).hasSize(expected.size());
    for (int i = 0; i < ring.length; i++) {
      JsonNode corner = expected.get(ring.length - 1 - i);
      assertThat(ring[i].x).isCloseTo(corner.get(0).asDouble(), within(1e-9));
      assertThat(ring[i].y).isCloseTo(corner.get(1).asDouble(), within(1e-9));
    }
  }
}
