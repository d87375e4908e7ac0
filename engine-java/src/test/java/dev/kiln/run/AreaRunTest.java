package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.Vectors;
import dev.kiln.testing.FakeEncoder;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.testing.RangeServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.io.WKBReader;

/** An area selects chips, and so the bytes that are read. */
@Timeout(120)
class AreaRunTest {
  private static final int CHIPS = 8;
  private static final int SIZE = 128;

  @TempDir static Path shared;
  @TempDir Path directory;

  /** A scene of 8 × 8 chips, each in a tile of its own. */
  private TestRun run() throws IOException {
    TestRun run = new TestRun(shared);
    String key = TestRun.key(1, "100cm");
    if (Files.exists(run.source.resolve(key))) {
      run.keys.add(key);
    } else {
      run.scene(
          key,
          GeoTiffs.naip()
              .size(CHIPS * SIZE, CHIPS * SIZE)
              .option("BLOCKXSIZE=" + SIZE)
              .option("BLOCKYSIZE=" + SIZE));
    }
    run.out = directory.resolve("out");
    run.chips = ChipOptions.builder().chipSize(SIZE).build();
    return run;
  }

  private EmbeddingFile file(TestRun run) {
    return EmbeddingFile.open(run.file(run.keys.get(0)));
  }

  /** The footprints of a run without an area, in grid order. */
  private List<Geometry> footprints(TestRun run) throws Exception {
    List<Geometry> footprints = new ArrayList<>();
    for (Object wkb : file(run).values("geometry")) {
      footprints.add(new WKBReader().read((byte[]) wkb));
    }
    return footprints;
  }

  private static ChipOptions in(Geometry area, ChipArea.Rule rule) {
    return ChipOptions.builder()
        .chipSize(SIZE)
        .area(Optional.of(new ChipArea(AreaOfInterest.of(area), rule)))
        .build();
  }

  private static List<String> ids(EmbeddingFile file) {
    List<Object> x = file.values("chip_x");
    List<Object> y = file.values("chip_y");
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < x.size(); i++) {
      ids.add(x.get(i) + "," + y.get(i));
    }
    return ids;
  }

  private static float[] vector(EmbeddingFile file, int row) {
    Vectors vectors = file.vectors(0);
    return Arrays.copyOfRange(vectors.values(), row * vectors.dim(), (row + 1) * vectors.dim());
  }

  private static RunReport embed(TestRun run) throws Exception {
    RunReport report = run.embed(new FakeEncoder(TestRun.NAIP, SIZE, 3));
    assertThat(report.exitCode()).as(report.failures().toString()).isEqualTo(ExitCode.DONE);
    return report;
  }

  @Test
  void onlyChipsThatIntersectAreReadAndTheirVectorsAreTheSame() throws Exception {
    TestRun whole = run();
    RunReport all = embed(whole);
    EmbeddingFile before = file(whole);
    List<Geometry> footprints = footprints(whole);
    // Between the centres of chips (2, 3) and (3, 3).
    Geometry area =
        footprints
            .get(3 * CHIPS + 2)
            .getCentroid()
            .union(footprints.get(3 * CHIPS + 3).getCentroid())
            .convexHull()
            .buffer(1e-5);

    TestRun part = run();
    part.out = directory.resolve("part");
    part.chips = in(area, ChipArea.Rule.INTERSECTS);
    RunReport some = embed(part);

    EmbeddingFile after = file(part);
    assertThat(ids(after)).containsExactly("2,3", "3,3");
    for (int row = 0; row < 2; row++) {
      assertThat(vector(after, row)).isEqualTo(vector(before, 3 * CHIPS + 2 + row));
    }
    assertThat(after.values("chip_id"))
        .isEqualTo(before.values("chip_id").subList(3 * CHIPS + 2, 3 * CHIPS + 4));
    assertThat(some.run().counts().leftOut()).isEqualTo(new ChipsLeftOut(0, 0, 0, 0, 62));
    // 2 of 64 tiles, and the header that is read ahead.
    long header = ObjectStore.HEAD_BYTES;
    long bytes = Files.size(whole.source.resolve(whole.keys.get(0)));
    assertThat(all.run().counts().bytesFetched()).isGreaterThan(bytes * 9 / 10);
    assertThat(some.run().counts().bytesFetched()).isLessThan(header + bytes * 3 / 64);
  }

  @Test
  void chipsWithinTheAreaAreInsideAsAWhole() throws Exception {
    TestRun whole = run();
    embed(whole);
    List<Geometry> footprints = footprints(whole);
    Geometry square =
        footprints.get(CHIPS + 1).union(footprints.get(2 * CHIPS + 2)).getEnvelope().buffer(1e-5);
    TestRun part = run();
    part.out = directory.resolve("part");
    part.chips = in(square, ChipArea.Rule.WITHIN);
    embed(part);
    assertThat(ids(file(part))).containsExactly("1,1", "2,1", "1,2", "2,2");
    part.out = directory.resolve("touched");
    part.chips = in(square, ChipArea.Rule.INTERSECTS);
    embed(part);
    assertThat(file(part).rows()).isEqualTo(16);
  }

  @Test
  void sceneOutsideTheAreaHasAFileWithoutRows() throws Exception {
    TestRun run = run();
    run.chips =
        in(new GeometryFactory().toGeometry(new Envelope(5, 6, 5, 6)), ChipArea.Rule.INTERSECTS);
    RunReport report = embed(run);
    assertThat(file(run).rows()).isZero();
    assertThat(report.run().counts().leftOut().outside()).isEqualTo(64);
    assertThat(report.run().counts().bytesFetched()).isLessThanOrEqualTo(ObjectStore.HEAD_BYTES);
    assertThat(file(run).footer().get("kiln")).contains("\"aoi-rule\":\"intersects\"");
  }

  @Test
  void anotherAreaIsAnotherRun() throws Exception {
    TestRun run = run();
    GeometryFactory factory = new GeometryFactory();
    run.chips = in(factory.toGeometry(new Envelope(5, 6, 5, 6)), ChipArea.Rule.INTERSECTS);
    embed(run);
    run.chips = in(factory.toGeometry(new Envelope(5, 6, 5, 7)), ChipArea.Rule.INTERSECTS);
    RunReport report = run.embed(new FakeEncoder(TestRun.NAIP, SIZE, 3));
    assertThat(report.exitCode()).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(report.ended().orElseThrow())
        .contains("aoi: ")
        .contains("[5.0000, 5.0000, 6.0000, 7.0000], found ");
  }

  @Test
  void maskIsReadOnlyWhereTheAreaIs() throws Exception {
    StacScene scene = StacScene.sentinel2("s2");
    scene
        .files
        .get("scl")
        .option("BLOCKXSIZE=128")
        .option("BLOCKYSIZE=128")
        .option("COMPRESS=NONE")
        .pixels((b, x, y) -> x < 128 ? 9 : 4);
    TestRun run = TestRun.of("sentinel-2-l2a", directory).scene(scene);
    run.chips = ChipOptions.builder().chipSize(SIZE).build();
    RunReport all = run.embed(new FakeEncoder(run.platform, SIZE, 3));
    assertThat(ids(file(run)))
        .containsExactly("2,0", "3,0", "2,1", "3,1", "2,2", "3,2", "2,3", "3,3");
    assertThat(all.run().counts().leftOut().cloud()).isEqualTo(8);
    Geometry second = footprints(run).get(3);

    run.out = directory.resolve("part");
    run.chips = in(second.getCentroid().buffer(1e-4), ChipArea.Rule.INTERSECTS);
    RunReport some = run.embed(new FakeEncoder(run.platform, SIZE, 3));
    assertThat(some.exitCode()).as(some.failures().toString()).isEqualTo(ExitCode.DONE);
    assertThat(ids(file(run))).containsExactly("3,1");
    assertThat(some.run().counts().leftOut().outside()).isEqualTo(15);
    assertThat(some.run().counts().leftOut().cloud()).isZero();
    assertThat(some.run().counts().bytesFetched()).isLessThan(all.run().counts().bytesFetched());
  }

  @Test
  void bytesFromAWebServerShrinkWithTheArea() throws Exception {
    TestRun whole = run();
    embed(whole);
    Geometry first = footprints(whole).get(0);
    try (RangeServer server = RangeServer.start()) {
      server.upload(whole.source);
      List<Long> bytes = new ArrayList<>();
      for (double degrees : new double[] {1e-4, 5e-3, 1}) {
        TestRun run = run();
        run.keys.clear();
        run.keys.add(whole.keys.get(0));
        run.out = directory.resolve("out-" + degrees);
        run.chips = in(first.getCentroid().buffer(degrees), ChipArea.Rule.INTERSECTS);
        try (ObjectStore web =
            ObjectStores.openSource(
                server.uri().toString(), StoreOptions.standard(), SourceRules.standard())) {
          run.wrapSource = local -> web;
          embed(run);
          bytes.add(web.traffic().bytesRead());
        }
      }
      long size = Files.size(whole.source.resolve(whole.keys.get(0)));
      assertThat(bytes).isSorted();
      assertThat(bytes.get(0)).isLessThan(ObjectStore.HEAD_BYTES + size / 32);
      assertThat(bytes.get(2)).isGreaterThan(size * 9 / 10);
    }
  }
}
