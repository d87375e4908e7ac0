package dev.kiln.sample;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.RowRef;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.memory.HostBuffer;
import dev.kiln.search.IndexBuilder;
import dev.kiln.search.IndexOptions;
import dev.kiln.search.Match;
import dev.kiln.search.Query;
import dev.kiln.search.Search;
import dev.kiln.search.SearchRequest;
import dev.kiln.testing.TestDataset;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Search with vectors whose meaning is known. Chips of the synthetic archive are described by mean
 * and deviation of their bands, and their land cover is known: the neighbours of a chip have the
 * land cover of the chip far more often than chance.
 */
class LandCoverSearchTest {
  private static final int SIDE = 48;
  private static final int GRID = 14;
  private static final double SPACING = 450;
  private static final double PURE = 0.7;
  private static final int NEIGHBOURS = 10;
  private static final int STATISTICS = 8;

  @TempDir private static Path dir;
  private static final List<Cover> COVERS = new ArrayList<>();
  private static TestDataset dataset;

  /** Land cover. */
  enum Cover {
    WATER,
    TOWN,
    FOREST,
    FIELD
  }

  @BeforeAll
  static void describeChips() throws IOException {
    List<double[]> statistics = new ArrayList<>();
    for (NaipScene scene : NaipScene.first(4)) {
      for (int i = 0; i < GRID * GRID; i++) {
        Window window =
            new Window(700_000 + i % GRID * SPACING, 3_600_000 - i / GRID * SPACING, 1, SIDE, SIDE);
        Optional<Cover> cover = cover(scene, window);
        if (cover.isPresent()) {
          COVERS.add(cover.get());
          statistics.add(bands(scene, window));
        }
      }
    }
    dataset = new TestDataset(dir);
    dataset
        .scene("chips")
        .chips(COVERS.size())
        .dim(STATISTICS)
        .vectors(standardised(statistics))
        .write();
  }

  /** Returns the cover of most of a window; empty if it is mixed. */
  private static Optional<Cover> cover(NaipScene scene, Window window) {
    SmoothFields terrain =
        new SmoothFields(
            new Terrain(scene.survey().region(), 7, scene.year()), Terrain.FIELDS, window, 4);
    Map<Cover, Integer> pixels = new EnumMap<>(Cover.class);
    for (int row = 0; row < SIDE; row++) {
      terrain.row(row);
      for (int column = 0; column < SIDE; column++) {
        Cover cover = Cover.FIELD;
        if (Math.min(terrain.get(Terrain.BANK, column), terrain.get(Terrain.SHORE, column)) < 0) {
          cover = Cover.WATER;
        } else if (terrain.get(Terrain.TOWN, column) > 0) {
          cover = Cover.TOWN;
        } else if (terrain.get(Terrain.WOOD, column) > 0) {
          cover = Cover.FOREST;
        }
        pixels.merge(cover, 1, Integer::sum);
      }
    }
    return pixels.entrySet().stream()
        .filter(e -> e.getValue() >= PURE * SIDE * SIDE)
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /** Returns mean and standard deviation of the bands. */
  private static double[] bands(NaipScene scene, Window window) {
    int bytes = 4 * SIDE * SIDE;
    double[] statistics = new double[STATISTICS];
    try (HostBuffer strip = HostBuffer.allocate("test", bytes)) {
      new NaipPainter(scene, window, 7).paint(0, SIDE, strip);
      byte[] pixels = new byte[bytes];
      strip.slice(0, bytes).get(pixels);
      for (int band = 0; band < 4; band++) {
        double sum = 0;
        double squares = 0;
        for (int i = band; i < bytes; i += 4) {
          int value = pixels[i] & 0xFF;
          sum += value;
          squares += (double) value * value;
        }
        double mean = sum / (SIDE * SIDE);
        statistics[band] = mean;
        statistics[4 + band] = Math.sqrt(squares / (SIDE * SIDE) - mean * mean);
      }
    }
    return statistics;
  }

  /** Returns each statistic with mean 0 and deviation 1 over all chips: {@code [chips, 8]}. */
  private static float[] standardised(List<double[]> statistics) {
    float[] vectors = new float[statistics.size() * STATISTICS];
    for (int k = 0; k < STATISTICS; k++) {
      int at = k;
      double mean = statistics.stream().mapToDouble(s -> s[at]).average().orElseThrow();
      double variance =
          statistics.stream().mapToDouble(s -> Math.pow(s[at] - mean, 2)).average().orElseThrow();
      for (int i = 0; i < statistics.size(); i++) {
        vectors[i * STATISTICS + k] = (float) ((statistics.get(i)[k] - mean) / Math.sqrt(variance));
      }
    }
    return vectors;
  }

  /** Share of neighbours with the cover of the chip, over all chips of a cover. */
  private static Map<Cover, Double> precision(Search search) throws Exception {
    Map<Cover, Integer> same = new EnumMap<>(Cover.class);
    Map<Cover, Integer> all = new EnumMap<>(Cover.class);
    for (int i = 0; i < COVERS.size(); i += 7) {
      Search.ChipVector chip = search.chips(List.of(new RowRef(0, i))).get(0);
      Query query =
          Query.builder().positive("chip", chip.vector()).without(chip.chip().ref()).build();
      for (Match match : search.search(new SearchRequest(query, NEIGHBOURS)).matches()) {
        boolean equal = COVERS.get((int) match.chip().ref().row()) == COVERS.get(i);
        same.merge(COVERS.get(i), equal ? 1 : 0, Integer::sum);
        all.merge(COVERS.get(i), 1, Integer::sum);
      }
    }
    Map<Cover, Double> shares = new EnumMap<>(Cover.class);
    all.forEach((cover, count) -> shares.put(cover, (double) same.get(cover) / count));
    return shares;
  }

  @Test
  void neighboursHaveTheSameLandCoverFarMoreOftenThanChance() throws Exception {
    try (EmbeddingFiles files = EmbeddingFiles.open(dataset.uri(), StoreOptions.standard())) {
      Map<Cover, Double> exact = precision(new Search(files, 2, false));
      for (Cover cover : Cover.values()) {
        double chance = COVERS.stream().filter(c -> c == cover).count() / (double) COVERS.size();
        System.out.printf(
            Locale.ROOT,
            "land cover: %s chips=%d same=%.2f chance=%.2f%n",
            cover,
            COVERS.stream().filter(c -> c == cover).count(),
            exact.get(cover),
            chance);
        // Halfway between chance and always.
        assertThat(exact.get(cover)).as("%s", cover).isGreaterThan((1 + chance) / 2);
      }

      new IndexBuilder(files, IndexOptions.defaults(), 1, false).build();
      Search indexed = new Search(files, 2, false);
      assertThat(indexed.hasIndex()).isTrue();
      precision(indexed)
          .forEach(
              (cover, share) ->
                  assertThat(Math.abs(share - exact.get(cover))).as("%s", cover).isLessThan(0.02));
    }
  }
}
