package dev.kiln.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.RowFilter;
import dev.kiln.dataset.RowRef;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.MachineException;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.testing.TestDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The index, compared with exact search over the same dataset. */
class VectorIndexTest {
  private static final int SCENES = 6;
  private static final int CHIPS = 500;
  private static final int DIM = TestDataset.DIM;
  private static final IndexOptions SMALL = new IndexOptions(1200, 16, 60);

  @TempDir private Path dir;
  private TestDataset dataset;
  private EmbeddingFiles files;

  @BeforeEach
  void writeScenes() throws IOException {
    dataset = new TestDataset(dir.resolve("out"));
    for (int s = 0; s < SCENES; s++) {
      dataset
          .scene("s" + s)
          .at(10 * s, 47)
          .chips(CHIPS)
          .cloudStep(0.002)
          .vectors(clustered(s))
          .write();
    }
    files = open();
  }

  /** Vectors around eight centres per scene. */
  private static float[] clustered(int scene) {
    float[] centres = TestDataset.random(8 * DIM, scene);
    float[] noise = TestDataset.random(CHIPS * DIM, 100 + scene);
    Random random = new Random(scene);
    for (int c = 0; c < CHIPS; c++) {
      int centre = random.nextInt(8);
      for (int i = 0; i < DIM; i++) {
        noise[c * DIM + i] = centres[centre * DIM + i] + 0.5f * noise[c * DIM + i];
      }
    }
    return noise;
  }

  private EmbeddingFiles open() throws IOException {
    return EmbeddingFiles.open(dataset.uri(), StoreOptions.standard());
  }

  @AfterEach
  void close() {
    files.close();
  }

  private IndexBuilder.Report build() throws IOException, InterruptedException {
    return new IndexBuilder(files, SMALL, 2, false).build();
  }

  private Path index() {
    return dir.resolve("out/_kiln/index");
  }

  private Map<String, byte[]> indexFiles() throws IOException {
    Map<String, byte[]> contents = new TreeMap<>();
    try (Stream<Path> paths = Files.list(index())) {
      for (Path path : paths.toList()) {
        contents.put(path.getFileName().toString(), Files.readAllBytes(path));
      }
    }
    return contents;
  }

  @Test
  void findsNearlyAllThatAnExactSearchFinds() throws Exception {
    IndexBuilder.Report report = build();
    assertThat(report.rows()).isEqualTo(SCENES * CHIPS);
    assertThat(report.shards()).isEqualTo(3);
    Search search = new Search(files, 2, false);
    assertThat(search.hasIndex()).isTrue();

    int found = 0;
    int queries = 50;
    for (int q = 0; q < queries; q++) {
      float[] vector = search.chips(List.of(new RowRef(q % SCENES, q * 7))).get(0).vector();
      Query query = Query.of(vector);
      SearchResult exact = search.search(new SearchRequest(query, 10, RowFilter.all(), true));
      SearchResult fast = search.search(new SearchRequest(query, 10));
      assertThat(exact.approximate()).isFalse();
      assertThat(fast.approximate()).isTrue();
      Set<String> expected = new HashSet<>();
      exact.matches().forEach(m -> expected.add(m.chip().chipId()));
      for (Match match : fast.matches()) {
        found += expected.contains(match.chip().chipId()) ? 1 : 0;
      }
      // The first is the example itself, with all that the dataset records of it.
      Match first = fast.matches().get(0);
      Match sure = exact.matches().get(0);
      assertThat(first.score()).isCloseTo(sure.score(), within(1e-6f));
      assertThat(first.chip()).usingRecursiveComparison().isEqualTo(sure.chip());
    }
    assertThat(found / (10.0 * queries)).isGreaterThanOrEqualTo(0.95);
  }

  @Test
  void filtersGiveWhatAnExactSearchGives() throws Exception {
    build();
    Search search = new Search(files, 2, false);
    Query query = Query.of(TestDataset.random(DIM, 3));
    List<RowFilter> filters =
        List.of(
            RowFilter.builder().area(AreaOfInterest.ofBox(20, 46, 20.5, 48)).build(),
            RowFilter.builder().maxCloud(0.01).build(),
            RowFilter.builder().platforms(Set.of("landsat")).build(),
            RowFilter.builder().from(Instant.parse("2021-01-01T00:00:00Z")).build(),
            RowFilter.builder().chipIds(Set.of("s2-7-0", "s3-9-0")).build());
    List<Integer> sizes = new ArrayList<>();
    for (RowFilter filter : filters) {
      List<String> exact = ids(search.search(new SearchRequest(query, 5, filter, true)));
      assertThat(ids(search.search(new SearchRequest(query, 5, filter, false)))).isEqualTo(exact);
      sizes.add(exact.size());
    }
    assertThat(sizes).containsExactly(5, 5, 0, 0, 2);
  }

  private static List<String> ids(SearchResult result) {
    return result.matches().stream().map(m -> m.chip().chipId()).toList();
  }

  @Test
  void examplesAreLeftOut() throws Exception {
    build();
    Search search = new Search(files, 2, false);
    Search.ChipVector chip = search.chips(Set.of("s1-9-0")).get(0);
    SearchResult result =
        search.search(
            new SearchRequest(
                Query.builder().positive("x", chip.vector()).without(chip.chip().ref()).build(),
                10));

    assertThat(ids(result)).hasSize(10).doesNotContain("s1-9-0");
  }

  @Test
  void aBuildGivesTheSameBytesForAnyNumberOfThreadsAndAfterAnInterruption() throws Exception {
    build();
    Map<String, byte[]> expected = indexFiles();

    new IndexBuilder(files, SMALL, 1, false).build();
    assertSame(expected);

    // As a process that was killed leaves it: one shard finished, one half-written.
    Path building = dir.resolve("out/_kiln/index.building");
    Files.createDirectories(building);
    for (String name : List.of("00001.codes", "00001.rows", "00001.texts", "00001.graph")) {
      Files.copy(index().resolve(name), building.resolve(name));
    }
    Files.write(building.resolve("00000.graph.part"), new byte[1000]);
    Files.write(building.resolve("00000.codes"), new byte[7]);
    Files.write(building.resolve("00002.graph.vectors.part"), new byte[7]);
    Files.writeString(
        building.resolve("plan.json"), IndexManifest.plan(DatasetState.of(files), SMALL));
    IndexBuilder.Report resumed = build();
    assertThat(resumed.kept()).isEqualTo(1);
    assertSame(expected);
    assertThat(Files.exists(building)).isFalse();

    // Another plan: nothing is kept.
    Files.createDirectories(building);
    Files.copy(index().resolve("00000.graph"), building.resolve("00000.graph"));
    Files.writeString(building.resolve("plan.json"), "{}");
    assertThat(build().kept()).isZero();
    assertSame(expected);
  }

  private void assertSame(Map<String, byte[]> expected) throws IOException {
    Map<String, byte[]> found = indexFiles();
    assertThat(found.keySet()).isEqualTo(expected.keySet());
    for (String name : expected.keySet()) {
      assertThat(found.get(name)).as(name).isEqualTo(expected.get(name));
    }
  }

  @Test
  void anIndexOfAnEarlierDatasetIsIgnored() throws Exception {
    build();
    Path file = dir.resolve("out/naip/s3.parquet");
    Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2030-01-01T00:00:00Z")));

    Search search = new Search(files, 1, false);
    assertThat(search.hasIndex()).isFalse();
    assertThat(
            search.search(new SearchRequest(Query.of(TestDataset.random(DIM, 3)), 5)).approximate())
        .isFalse();
    build();
    assertThat(new Search(files, 1, false).hasIndex()).isTrue();
  }

  @Test
  void aDamagedIndexIsIgnored() throws Exception {
    build();
    byte[] graph = Files.readAllBytes(index().resolve("00001.graph"));
    for (byte[] damaged : List.of(new byte[0], new byte[1000], Arrays.copyOf(graph, 5000))) {
      Path part = index().resolve("replacement");
      Files.write(part, damaged);
      Files.move(part, index().resolve("00001.graph"), StandardCopyOption.REPLACE_EXISTING);
      assertThat(new Search(files, 1, false).hasIndex()).isFalse();
    }
    Files.writeString(index().resolve("index.json"), "{");
    assertThat(new Search(files, 1, false).hasIndex()).isFalse();
  }

  @Test
  void rowsWithoutAUsableVectorAreLeftOut() throws Exception {
    float[] vectors = TestDataset.random(4 * DIM, 1);
    vectors[DIM] = Float.NaN;
    Arrays.fill(vectors, 2 * DIM, 3 * DIM, 0f);
    TestDataset tiny = new TestDataset(dir.resolve("tiny"));
    tiny.scene("x").chips(4).vectors(vectors).write();
    try (EmbeddingFiles few = EmbeddingFiles.open(tiny.uri(), StoreOptions.standard())) {
      IndexBuilder.Report report = new IndexBuilder(few, IndexOptions.defaults(), 1, false).build();
      assertThat(report.rows()).isEqualTo(2);
      assertThat(report.leftOut()).isEqualTo(2);
      assertThat(
              ids(
                  new Search(few, 1, false)
                      .search(new SearchRequest(Query.of(TestDataset.random(DIM, 3)), 5))))
          .containsExactlyInAnyOrder("x-0-0", "x-3-0");
    }
  }

  @Test
  void aDatasetWithoutVectorsIsAnError() throws Exception {
    TestDataset empty = new TestDataset(dir.resolve("empty"));
    empty.scene("x").chips(0).write();
    try (EmbeddingFiles none = EmbeddingFiles.open(empty.uri(), StoreOptions.standard())) {
      assertThatThrownBy(() -> new IndexBuilder(none, SMALL, 1, false).build())
          .isInstanceOf(ConfigurationException.class)
          .hasMessage(empty.uri() + ": expected at least one row with a finite vector, found none");
    }
  }

  @Test
  void aShardOfOtherRowsIsBuiltAgain() throws Exception {
    build();
    Map<String, byte[]> expected = indexFiles();
    // A build that could not read the second file left shards whose rows are shifted.
    Path file = dir.resolve("out/naip/s1.parquet");
    byte[] whole = Files.readAllBytes(file);
    FileTime time = Files.getLastModifiedTime(file);
    byte[] damaged = whole.clone();
    Arrays.fill(damaged, damaged.length - 600, damaged.length - 8, (byte) 0x55);
    Files.write(file, damaged);
    IndexBuilder.Report without = build();
    assertThat(without.faults()).hasSize(1);
    Path building = dir.resolve("out/_kiln/index.building");
    Files.move(index(), building);
    Files.delete(building.resolve("index.json"));
    Files.write(building.resolve("00003.graph"), new byte[7]);
    Files.write(file, whole);
    Files.setLastModifiedTime(file, time);
    Files.writeString(
        building.resolve("plan.json"), IndexManifest.plan(DatasetState.of(files), SMALL));

    IndexBuilder.Report report = build();

    assertThat(report.rows()).isEqualTo(SCENES * CHIPS);
    assertThat(report.kept()).isZero();
    assertSame(expected);
  }

  @Test
  void aFullDiskIsOneClearLine() throws Exception {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full), "the system has no /dev/full");
    Path building = Files.createDirectories(dir.resolve("out/_kiln/index.building"));
    Files.writeString(
        building.resolve("plan.json"), IndexManifest.plan(DatasetState.of(files), SMALL));
    for (String name : List.of("00000.graph.vectors.part", "00000.codes.part")) {
      Path file = Files.createSymbolicLink(building.resolve(name), full);

      assertThatThrownBy(this::build)
          .isInstanceOf(MachineException.class)
          .hasMessage(
              building
                  + ": cannot write the index: No space left on device: free space there and run"
                  + " kiln index again, which resumes");
      Files.deleteIfExists(file);
    }
    assertThat(build().rows()).isEqualTo(SCENES * CHIPS);
  }
}
