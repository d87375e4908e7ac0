package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.RangePlan;
import dev.kiln.fetch.SparseObject;
import dev.kiln.fetch.UnavailableException;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.testing.FakeEncoder;
import dev.kiln.testing.ForwardingStore;
import dev.kiln.testing.GeoTiffs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A scene that is larger than the fetch memory is embedded in sections. */
@Timeout(120)
class LargeSceneTest {
  private static final long MEMORY = 12_000_000;

  @TempDir Path directory;

  /** Counts the bytes of objects that are in memory after each fetch. */
  private static final class Counting extends ForwardingStore {
    private final AtomicLong most = new AtomicLong();
    private final AtomicLong fetches = new AtomicLong();

    Counting(ObjectStore store) {
      super(store);
    }

    @Override
    public void fetch(Collection<RangePlan> plans) throws IOException, InterruptedException {
      super.fetch(plans);
      fetches.incrementAndGet();
      long held = plans.stream().map(RangePlan::object).mapToLong(SparseObject::heldBytes).sum();
      most.accumulateAndGet(held, Math::max);
    }
  }

  private byte[] embed(TestRun run, Path out, long fetchMemory, Counting[] counting)
      throws Exception {
    run.out = out;
    run.fetchMemory = fetchMemory;
    run.wrapSource =
        store -> {
          counting[0] = new Counting(store);
          return counting[0];
        };
    RunReport report = run.embed(new FakeEncoder(run.platform, 256, 5));
    assertThat(report.failures()).isEmpty();
    return Files.readAllBytes(run.file(run.keys.get(0)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"COMPRESS=NONE", "COMPRESS=LZW", "INTERLEAVE=BAND"})
  void sectionsGiveTheSameFileWithinTheFetchMemory(String option) throws Exception {
    TestRun run = new TestRun(directory);
    // Tiles of 448 rows, so that chips, and therefore strips, share rows of tiles.
    run.scene(
        TestRun.key(1, "100cm"),
        GeoTiffs.naip()
            .size(2500, 4000)
            .seed(3)
            .option("BLOCKXSIZE=448")
            .option("BLOCKYSIZE=448")
            .option(option));
    Counting[] whole = new Counting[1];
    Counting[] sections = new Counting[1];

    byte[] expected = embed(run, directory.resolve("whole"), 1 << 28, whole);
    byte[] found = embed(run, directory.resolve("sections"), MEMORY, sections);

    assertThat(found).isEqualTo(expected);
    assertThat(whole[0].most.get()).isGreaterThan(25_000_000);
    assertThat(sections[0].fetches.get()).isGreaterThan(8);
    // Two strips of 256 rows, each of up to two rows of tiles, and what joins ranges.
    assertThat(sections[0].most.get()).isLessThan(22_000_000);
  }

  @Test
  void outageWithinALargeSceneCountsTowardsTheEndOfTheRun() throws Exception {
    TestRun run = new TestRun(directory);
    run.fetchThreads = 1;
    run.fetchMemory = 4_000_000;
    for (int i = 1; i <= 5; i++) {
      run.scene(TestRun.key(i, "100cm"), GeoTiffs.naip().size(600, 1600).option("COMPRESS=NONE"));
    }
    AtomicLong fetches = new AtomicLong();
    run.wrapSource =
        store ->
            new ForwardingStore(store) {
              @Override
              public void fetch(Collection<RangePlan> plans)
                  throws IOException, InterruptedException {
                // The source fails after the first section of the first scene.
                if (fetches.incrementAndGet() > 1) {
                  throw UnavailableException.afterAllAttempts("archive", "503 SlowDown", null);
                }
                super.fetch(plans);
              }
            };
    RunReport report = run.embed(new FakeEncoder(run.platform, 256, 5));
    assertThat(report.exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(report.ended().orElseThrow())
        .contains("3 consecutive scenes failed", "503 SlowDown");
    assertThat(fetches.get()).isEqualTo(4);
  }

  @Test
  void tilesThatWereNeverWrittenCostNothing() throws Exception {
    TestRun run = new TestRun(directory);
    // Of 61,009 chips all but four are empty.
    run.scene(
        TestRun.key(2, "100cm"),
        GeoTiffs.naip()
            .size(63_300, 63_300)
            .written(512, 512)
            .option("SPARSE_OK=TRUE")
            .option("BIGTIFF=YES"));
    Counting[] counting = new Counting[1];

    embed(run, directory.resolve("sparse"), 1 << 28, counting);

    assertThat(counting[0].most.get()).isLessThan(3_000_000);
    EmbeddingFile file = EmbeddingFile.open(run.file(run.keys.get(0)));
    assertThat(file.values("chip_id")).hasSize(4);
  }

  @Test
  void aSceneOfWhichNoTileWasWrittenHasNoChips() throws Exception {
    TestRun run = new TestRun(directory);
    run.scene(
        TestRun.key(3, "100cm"),
        GeoTiffs.naip().size(700, 700).hole(0, 0, 700, 700).option("SPARSE_OK=TRUE"));

    Counting[] counting = new Counting[1];
    embed(run, directory.resolve("empty"), 1 << 28, counting);

    assertThat(EmbeddingFile.open(run.file(run.keys.get(0))).rows()).isZero();
  }

  /** The first sections have no data, so the values of a later one decide what values mean. */
  @Test
  void aLaterSectionDecidesByItsOwnStrips() throws Exception {
    TestRun run = new TestRun(directory);
    run.scene(
        TestRun.key(4, "100cm"),
        GeoTiffs.naip()
            .size(300, 2600)
            .pixels((b, x, y) -> y < 1600 ? 0 : 1 + (7 * x + 13 * y + b) % 250)
            .nodata(0)
            .scale(0.9, 3)
            .option("COMPRESS=LZW"));
    Counting[] counting = new Counting[1];

    byte[] expected = embed(run, directory.resolve("whole"), 1 << 28, counting);
    byte[] found = embed(run, directory.resolve("sections"), 20_000, counting);

    assertThat(counting[0].fetches.get()).isGreaterThan(3);
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void rowsOfASceneThatIsCutIntoBlocksAreInGridOrder() throws Exception {
    TestRun run = new TestRun(directory);
    // Rows of tiles of 38 MB: strips have at most 32 MB.
    run.scene(
        TestRun.key(5, "100cm"),
        GeoTiffs.naip().size(4700, 2048).option("BLOCKYSIZE=2048").option("COMPRESS=NONE"));
    Counting[] counting = new Counting[1];

    embed(run, directory.resolve("blocks"), 1 << 28, counting);

    EmbeddingFile file = EmbeddingFile.open(run.file(run.keys.get(0)));
    List<String> expected = new ArrayList<>();
    List<String> found = new ArrayList<>();
    for (int i = 0; i < 18 * 8; i++) {
      expected.add(i % 18 + "," + i / 18);
      found.add(file.values("chip_x").get(i) + "," + file.values("chip_y").get(i));
    }
    assertThat(found).isEqualTo(expected);
  }
}
