package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.error.ExitCode;
import dev.kiln.raster.EdgeRule;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.testing.FakeEncoder;
import dev.kiln.testing.GeoTiffs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.io.WKBReader;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Chips that overlap, have gaps or reach the edge: each equals a file of its ground alone. */
@Timeout(120)
class ChipLayoutRunTest {
  private static final int CHIP = 64;
  private static final int WIDTH = 150;
  private static final int HEIGHT = 135;

  @TempDir Path directory;

  private static double pixel(int band, int x, int y) {
    return 20 + (band * 37 + x * 7 + y * 13 + x * y) % 200;
  }

  private static ChipOptions options(int stride, EdgeRule edge, double maxNodata) {
    return ChipOptions.builder()
        .chipSize(CHIP)
        .stride(OptionalInt.of(stride))
        .edge(edge)
        .maxNodata(maxNodata)
        .build();
  }

  /** The ground of one chip as a file; what is outside the scene is masked. */
  private static GeoTiffs alone(int left, int top) {
    return GeoTiffs.naip()
        .size(CHIP, CHIP)
        .geotransform(500_000 + left, 1, 0, 5_200_000 - top, 0, -1)
        .pixels((b, x, y) -> pixel(b, left + x, top + y))
        .mask((x, y) -> left + x >= WIDTH || top + y >= HEIGHT);
  }

  private static GeoTiffs scene(String layout) {
    return GeoTiffs.naip()
        .size(WIDTH, HEIGHT)
        .option("BLOCKXSIZE=32")
        .option("BLOCKYSIZE=32")
        .option(layout)
        .pixels((b, x, y) -> pixel(b, x, y));
  }

  private TestRun run(String name, ChipOptions chips) {
    TestRun run = new TestRun(directory.resolve(name));
    run.chips = chips;
    return run;
  }

  private static RunReport embed(TestRun run) throws Exception {
    RunReport report = run.embed(new FakeEncoder(run.platform, CHIP, 5));
    assertThat(report.exitCode()).as(report.summary()).isEqualTo(ExitCode.DONE);
    return report;
  }

  @ParameterizedTest
  @CsvSource({
    // stride, edge, left edges, upper edges
    "64, DROP, 0 64, 0 64, INTERLEAVE=PIXEL",
    "64, SHIFT, 0 64 86, 0 64 71, COMPRESS=LZW",
    "64, PAD, 0 64 128, 0 64 128, INTERLEAVE=BAND",
    "37, DROP, 0 37 74, 0 37, INTERLEAVE=PIXEL",
    "37, SHIFT, 0 37 74 86, 0 37 71, INTERLEAVE=BAND",
    "37, PAD, 0 37 74 111, 0 37 74, COMPRESS=LZW",
    "80, DROP, 0 80, 0, INTERLEAVE=PIXEL",
    "80, PAD, 0 80, 0 80, INTERLEAVE=PIXEL",
  })
  void everyChipEqualsAFileOfItsGround(
      int stride, EdgeRule edge, String lefts, String tops, String layout) throws Exception {
    TestRun whole = run("whole", options(stride, edge, 1));
    whole.scene(TestRun.key(1, "100cm"), scene(layout));
    embed(whole);
    TestRun chips = run("chips", options(CHIP, EdgeRule.DROP, 1));
    List<String> expected = new ArrayList<>();
    int number = 0;
    for (String top : tops.split(" ")) {
      for (String left : lefts.split(" ")) {
        String key = "chips/" + number++ + "_20180702.tif";
        expected.add(key);
        chips.scene(key, alone(Integer.parseInt(left), Integer.parseInt(top)));
      }
    }
    embed(chips);

    EmbeddingFile found = EmbeddingFile.open(whole.file(whole.keys.get(0)));
    assertThat(found.rows()).isEqualTo(expected.size());
    int columns = lefts.split(" ").length;
    float[] vectors = found.vectors(0).values();
    for (int i = 0; i < expected.size(); i++) {
      EmbeddingFile own = EmbeddingFile.open(chips.file(expected.get(i)));
      assertThat(found.values("chip_x").get(i)).isEqualTo(i % columns);
      assertThat(found.values("chip_y").get(i)).isEqualTo(i / columns);
      assertThat(found.values("nodata").get(i)).isEqualTo(own.values("nodata").get(0));
      Geometry outline = new WKBReader().read((byte[]) found.values("geometry").get(i));
      assertThat(
              outline.equalsExact(
                  new WKBReader().read((byte[]) own.values("geometry").get(0)), 1e-9))
          .as("outline of chip %d", i)
          .isTrue();
      float[] vector = own.vectors(0).values();
      for (int d = 0; d < FakeEncoder.DIM; d++) {
        assertThat(vectors[i * FakeEncoder.DIM + d])
            .as("value %d of chip %d", d, i)
            .isCloseTo(vector[d], within(1e-4f * Math.max(1, Math.abs(vector[d]))));
      }
    }
  }

  @Test
  void theShareBeyondTheEdgeIsNodata() throws Exception {
    TestRun run = run("run", options(CHIP, EdgeRule.PAD, 0.7));
    run.scene(TestRun.key(1, "100cm"), scene("INTERLEAVE=PIXEL"));
    RunReport report = embed(run);

    EmbeddingFile file = EmbeddingFile.open(run.file(run.keys.get(0)));
    Map<String, Object> nodata = new HashMap<>();
    for (int i = 0; i < file.rows(); i++) {
      nodata.put(
          file.values("chip_x").get(i) + "," + file.values("chip_y").get(i),
          file.values("nodata").get(i));
    }
    // Of the last column 22 of 64 pixels are in the scene; of the last row 7, which is too few.
    assertThat(nodata)
        .containsOnlyKeys("0,0", "1,0", "2,0", "0,1", "1,1", "2,1")
        .containsEntry("1,1", 0f)
        .containsEntry("2,0", 42 / 64f);
    assertThat(report.run().counts().leftOut()).isEqualTo(new ChipsLeftOut(0, 0, 3, 0, 0));
  }

  @Test
  void theFooterRecordsTheLayoutAndAnotherOneIsNotContinued() throws Exception {
    TestRun run = run("run", options(37, EdgeRule.SHIFT, 0.2));
    run.scene(TestRun.key(1, "100cm"), scene("INTERLEAVE=PIXEL"));
    assertThat(embed(run).run().counts().leftOut().edge()).isZero();

    Map<String, String> footer = EmbeddingFile.open(run.file(run.keys.get(0))).footer();
    JsonNode layout = JsonMapper.shared().readTree(footer.get("emb")).path("emb:chip_layout");
    assertThat(layout.path("chip_size").path(0).asInt()).isEqualTo(CHIP);
    assertThat(layout.path("stride").path(1).asInt()).isEqualTo(37);
    JsonNode recorded = JsonMapper.shared().readTree(footer.get("kiln")).path("options");
    assertThat(recorded.path("stride").asString()).isEqualTo("37");
    assertThat(recorded.path("edge").asString()).isEqualTo("shift");

    refused(
        run,
        options(CHIP, EdgeRule.SHIFT, 0.2),
        "stride: expected 64, found 37: use --overwrite or another --out");
    refused(run, options(37, EdgeRule.PAD, 0.2), "edge: expected pad, found shift: use");
    run.chips = options(37, EdgeRule.SHIFT, 0.2);
    assertThat(embed(run).run().counts().alreadyDone()).isEqualTo(1);
  }

  private static void refused(TestRun run, ChipOptions chips, String reason) throws Exception {
    run.chips = chips;
    RunReport report = run.embed(new FakeEncoder(run.platform, CHIP, 5));
    assertThat(report.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(report.ended().orElseThrow()).contains(reason);
  }

  @Test
  void aSceneThatIsSmallerThanAChipNeedsPadding() throws Exception {
    GeoTiffs small = GeoTiffs.naip().size(50, 60).pixels((b, x, y) -> pixel(b, x, y));
    for (EdgeRule edge : new EdgeRule[] {EdgeRule.DROP, EdgeRule.SHIFT}) {
      TestRun run = run(edge.name(), options(CHIP, edge, 0.5));
      run.scene(TestRun.key(1, "100cm"), small);
      RunReport report = run.embed(new FakeEncoder(run.platform, CHIP, 5));
      assertThat(report.failures().get(0).reason())
          .contains("expected at least one chip of 64 px, found 50 × 60 px: use --edge pad");
    }
    TestRun run = run("PAD", options(CHIP, EdgeRule.PAD, 0.5));
    run.scene(TestRun.key(1, "100cm"), small);
    embed(run);
    EmbeddingFile file = EmbeddingFile.open(run.file(run.keys.get(0)));
    assertThat(file.values("nodata")).containsExactly(1 - 50 * 60 / (float) (CHIP * CHIP));
  }
}
