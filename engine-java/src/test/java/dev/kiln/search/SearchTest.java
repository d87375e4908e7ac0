package dev.kiln.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.RowFilter;
import dev.kiln.dataset.RowRef;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.testing.TestDataset;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.locationtech.jts.geom.Envelope;

/** Exact search, compared with cosines in double precision over the same vectors. */
class SearchTest {
  private static final int SCENES = 6;
  private static final int CHIPS = 50;
  private static final int DIM = TestDataset.DIM;

  @TempDir private Path dir;
  private TestDataset dataset;
  private EmbeddingFiles files;

  private record Expected(String id, double cosine) {}

  @BeforeEach
  void writeScenes() throws IOException {
    dataset = new TestDataset(dir.resolve("out"));
    for (int s = 0; s < SCENES; s++) {
      dataset
          .scene("s" + s)
          .at(10 + s, 47)
          .chips(CHIPS)
          .datetime("202" + s + "-06-01T12:00:00Z")
          .write();
    }
    files = open();
  }

  private EmbeddingFiles open() throws IOException {
    return EmbeddingFiles.open(dataset.uri(), StoreOptions.standard());
  }

  @AfterEach
  void close() {
    files.close();
  }

  private static List<Expected> expected(float[] query, Set<Integer> scenes) {
    List<Expected> all = new ArrayList<>();
    for (int s : scenes) {
      float[] vectors = TestDataset.random(CHIPS * DIM, ("s" + s).hashCode());
      for (int c = 0; c < CHIPS; c++) {
        double dot = 0;
        double qq = 0;
        double vv = 0;
        for (int i = 0; i < DIM; i++) {
          double v = vectors[c * DIM + i];
          dot += v * query[i];
          qq += (double) query[i] * query[i];
          vv += v * v;
        }
        all.add(new Expected("s" + s + "-" + c + "-0", dot / Math.sqrt(qq * vv)));
      }
    }
    all.sort(Comparator.comparing(Expected::cosine).reversed());
    return all;
  }

  private static void assertMatches(List<Match> found, List<Expected> expected) {
    for (int i = 0; i < found.size(); i++) {
      assertThat(found.get(i).rank()).isEqualTo(i + 1);
      assertThat(found.get(i).chip().chipId()).isEqualTo(expected.get(i).id());
      assertThat((double) found.get(i).score()).isCloseTo(expected.get(i).cosine(), within(1e-6));
    }
  }

  @Test
  void findsTheGreatestCosines() throws Exception {
    float[] query = TestDataset.random(DIM, 99);
    SearchResult result =
        new Search(files, 2, false).search(new SearchRequest(Query.of(query), 25));

    assertThat(result.matches()).hasSize(25);
    assertThat(result.compared()).isEqualTo(SCENES * CHIPS);
    assertThat(result.approximate()).isFalse();
    assertMatches(result.matches(), expected(query, Set.of(0, 1, 2, 3, 4, 5)));
  }

  @Test
  void doesNotDependOnTheNumberOfThreads() throws Exception {
    SearchRequest request = new SearchRequest(Query.of(TestDataset.random(DIM, 5)), SCENES * CHIPS);
    List<String> one = scores(new Search(files, 1, false).search(request));

    for (int threads = 2; threads <= 5; threads++) {
      assertThat(scores(new Search(files, threads, false).search(request))).isEqualTo(one);
    }
  }

  private static List<String> scores(SearchResult result) {
    return result.matches().stream()
        .map(m -> m.chip().chipId() + " " + Float.floatToIntBits(m.score()))
        .toList();
  }

  @Test
  void filtersLimitWhatIsCompared() throws Exception {
    float[] query = TestDataset.random(DIM, 7);
    RowFilter filter = RowFilter.builder().area(AreaOfInterest.ofBox(11.9, 46, 13.9, 48)).build();
    SearchResult result =
        new Search(files, 2, false).search(new SearchRequest(Query.of(query), 500, filter, false));

    assertThat(result.matches()).hasSize(2 * CHIPS);
    assertMatches(result.matches(), expected(query, Set.of(2, 3)));
  }

  @Test
  void chipsAreFoundByIdPlaceAndRow() throws Exception {
    Search search = new Search(files, 2, false);
    Search.ChipVector chip = search.chips(Set.of("s3-7-0", "missing")).get(0);

    assertThat(chip.chip().ref()).isEqualTo(new RowRef(3, 7));
    assertThat(search.chips(List.of(new RowRef(3, 7))).get(0).vector()).isEqualTo(chip.vector());
    assertThat(search.chipAt(13.075, 46.995).orElseThrow().chip().chipId()).isEqualTo("s3-7-0");
    assertThat(search.chipAt(0, 0)).isEmpty();

    SearchResult result =
        search.search(
            new SearchRequest(
                Query.builder().positive("chip", chip.vector()).without(chip.chip().ref()).build(),
                3));
    assertThat(result.matches()).noneMatch(m -> m.chip().chipId().equals("s3-7-0"));
    assertMatches(
        result.matches(), expected(chip.vector(), Set.of(0, 1, 2, 3, 4, 5)).subList(1, 4));
  }

  @Test
  void ofSeveralChipsAtAPlaceTheLatestIsMeant() throws Exception {
    dataset.scene("new").at(13, 47).datetime("2029-01-01T00:00:00Z").write();
    try (EmbeddingFiles reopened = open()) {
      assertThat(
              new Search(reopened, 1, false).chipAt(13.075, 46.995).orElseThrow().chip().itemId())
          .isEqualTo("new");
    }
  }

  @Test
  void examplesAreCombinedByRocchiosFormula() throws Exception {
    Query query =
        Query.builder()
            .positive("a", new float[] {2, 0, 0})
            .positive("b", new float[] {0, 5, 0})
            .negative("c", new float[] {0, 0, 0.1f})
            .build();

    // (½, ½, −½) divided by its norm.
    float third = (float) (1 / Math.sqrt(3));
    assertThat(query.vector()).containsExactly(new float[] {third, third, -third}, within(1e-6f));
  }

  @Test
  void examplesThatMakeNoQueryAreErrors() {
    assertThatThrownBy(() -> Query.builder().negative("c", new float[] {1}).build())
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("query: expected at least one example to resemble, found none");
    assertThatThrownBy(() -> Query.of(new float[3]))
        .hasMessage(
            "the query: expected a vector with finite values, not all 0, found a norm of 0.0");
    assertThatThrownBy(
            () -> Query.builder().positive("a", new float[2]).positive("b", new float[3]))
        .isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(
            () ->
                Query.builder()
                    .positive("a", new float[] {1, 0})
                    .positive("b", new float[] {1, 0, 0}))
        .hasMessage("b: expected 2 values, as in a, found 3 values");
    assertThatThrownBy(
            () ->
                Query.builder()
                    .positive("a", new float[] {1, 0})
                    .positive("b", new float[] {-1, 0})
                    .build())
        .hasMessageStartingWith("combined examples: expected a vector with finite values");
  }

  @Test
  void aQueryOfAnotherLengthIsAnError() {
    assertThatThrownBy(
            () ->
                new Search(files, 1, false).search(new SearchRequest(Query.of(new float[] {1}), 3)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "query: expected a vector of 40 values, as in " + dataset.uri() + ", found 1 values");
  }

  @Test
  void equalScoresAreInTheOrderOfTheDatasetAndZerosAreLeftOut() throws Exception {
    float[] same = new float[CHIPS * DIM];
    for (int c = 1; c < CHIPS; c++) {
      same[c * DIM] = c;
    }
    TestDataset equal = new TestDataset(dir.resolve("equal"));
    equal.scene("x").chips(CHIPS).vectors(same).write();
    equal.scene("y").chips(CHIPS).vectors(same).write();
    float[] query = new float[DIM];
    query[0] = 1;
    try (EmbeddingFiles both = EmbeddingFiles.open(equal.uri(), StoreOptions.standard())) {
      SearchResult result =
          new Search(both, 3, false).search(new SearchRequest(Query.of(query), 60));

      assertThat(result.matches()).hasSize(60).allMatch(m -> m.score() == 1);
      assertThat(result.matches().get(0).chip().chipId()).isEqualTo("x-1-0");
      assertThat(result.matches().get(59).chip().chipId()).isEqualTo("y-11-0");
    }
  }

  @Test
  void damagedFilesAreNamedInTheResult() throws Exception {
    Files.write(dir.resolve("out/naip/s2.parquet"), new byte[100]);
    SearchResult result =
        new Search(files, 2, false)
            .search(new SearchRequest(Query.of(TestDataset.random(DIM, 1)), 1000));

    assertThat(result.matches()).hasSize((SCENES - 1) * CHIPS);
    assertThat(result.faults()).hasSize(1);
    assertThat(result.faults().get(0).reason())
        .startsWith(dir.resolve("out/naip/s2.parquet") + ": cannot read footer");
  }

  @Test
  void aTableEscapesControlCharactersOfIds() {
    FoundChip chip =
        new FoundChip(
            new RowRef(0, 0),
            "a\u001b[31m",
            "",
            "na\nip",
            Optional.empty(),
            new Envelope(0, 1, 0, 1),
            new byte[0],
            Float.NaN,
            Float.NaN);
    SearchResult result =
        new SearchResult(List.of(new Match(1, 0.5f, chip)), false, 1, 0, List.of());

    String table = new String(ResultFormat.TABLE.bytes(result), StandardCharsets.UTF_8);

    assertThat(table.lines()).hasSize(2);
    assertThat(table).contains("a\\u001b[31m", "na\\nip").doesNotContain("\u001b");
  }
}
