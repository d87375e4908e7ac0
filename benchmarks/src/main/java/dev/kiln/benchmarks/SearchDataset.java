package dev.kiln.benchmarks;

import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import dev.kiln.dataset.Column;
import dev.kiln.dataset.EmbeddingBatch;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.EmbeddingReader;
import dev.kiln.dataset.RowRef;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.search.IndexBuilder;
import dev.kiln.search.IndexOptions;
import dev.kiln.search.Query;
import dev.kiln.search.Search;
import dev.kiln.sink.GeoParquetWriter;
import dev.kiln.sink.Provenance;
import dev.kiln.sink.SceneInfo;
import dev.kiln.sink.SceneTable;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A dataset of clustered synthetic vectors: Gaussian noise of standard deviation {@link #NOISE} per
 * value around 2,000 standard normal centres, chosen at random for each row. Created on first use,
 * with its index. Queries are rows with as much noise again.
 *
 * @param directory of the dataset
 * @param rows number of rows
 */
record SearchDataset(Path directory, int rows) {
  static final int DIM = 1024;
  static final int K = 10;
  static final float NOISE = 0.5f;
  private static final int QUERIES = 50;
  private static final int CENTRES = 2000;
  private static final int ROWS_PER_FILE = 5000;

  /** Creates the files, unless they exist. */
  SearchDataset create() throws IOException {
    Path complete = directory.resolve("_kiln/complete");
    if (Files.exists(complete)) {
      return this;
    }
    Files.createDirectories(complete.getParent());
    for (int first = 0; first < rows; first += ROWS_PER_FILE) {
      int count = Math.min(ROWS_PER_FILE, rows - first);
      Files.write(
          directory.resolve("scene-%05d.parquet".formatted(first / ROWS_PER_FILE)),
          GeoParquetWriter.toBytes(
              table(first, count),
              new Provenance("benchmark", "sha256:0", "large", "none", DataType.FP32, Map.of())));
    }
    Files.writeString(complete, "");
    return this;
  }

  private static SceneTable table(int first, int count) {
    Random random = new Random(first);
    float[] centres = centres();
    float[] vectors = new float[count * DIM];
    List<Chip> chips = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int centre = random.nextInt(CENTRES) * DIM;
      for (int k = 0; k < DIM; k++) {
        vectors[i * DIM + k] = centres[centre + k] + NOISE * (float) random.nextGaussian();
      }
      double west = -120 + (first + i) % 1000 * 0.01;
      double north = 50 - (first + i) / 1000 * 0.01;
      chips.add(
          new Chip(
              i,
              0,
              0,
              0,
              new Footprint(
                  new double[] {west + 0.01, west, west, west + 0.01},
                  new double[] {north, north, north - 0.01, north - 0.01})));
    }
    return new SceneTable(
        new SceneInfo(
            "scene-" + first,
            "naip",
            Instant.parse("2020-08-31T12:00:00Z"),
            0.6,
            "s3://benchmark/" + first,
            256,
            DIM),
        chips,
        vectors);
  }

  private static float[] centres() {
    Random random = new Random(-1);
    float[] centres = new float[CENTRES * DIM];
    for (int i = 0; i < centres.length; i++) {
      centres[i] = (float) random.nextGaussian();
    }
    return centres;
  }

  EmbeddingFiles open() throws IOException {
    return EmbeddingFiles.open(directory.toString(), StoreOptions.standard());
  }

  /** Builds the index again and returns what the build did. */
  IndexBuilder.Report index() throws IOException, InterruptedException {
    try (EmbeddingFiles files = open()) {
      return new IndexBuilder(
              files, IndexOptions.defaults(), Runtime.getRuntime().availableProcessors(), false)
          .build();
    }
  }

  /** Returns the queries, always the same. */
  List<Query> queries(Search search) throws IOException, InterruptedException {
    Random random = new Random(7);
    List<RowRef> refs = new ArrayList<>();
    for (int i = 0; i < QUERIES; i++) {
      int row = random.nextInt(rows);
      refs.add(new RowRef(row / ROWS_PER_FILE, row % ROWS_PER_FILE));
    }
    List<Query> queries = new ArrayList<>();
    for (Search.ChipVector chip : search.chips(refs)) {
      float[] vector = chip.vector().clone();
      for (int k = 0; k < DIM; k++) {
        vector[k] += NOISE * (float) random.nextGaussian();
      }
      queries.add(Query.of(vector));
    }
    return queries;
  }

  /**
   * Returns the ids of the chips with the largest cosines, for each query: all compared in one pass
   * over the files, in float64.
   */
  List<Set<String>> nearest(EmbeddingFiles files, List<Query> queries)
      throws IOException, InterruptedException {
    List<PriorityQueue<Scored>> best = new ArrayList<>();
    queries.forEach(q -> best.add(new PriorityQueue<>(Comparator.comparing(Scored::cosine))));
    EmbeddingReader.builder(files)
        .columns(EnumSet.of(Column.IDS, Column.VECTOR))
        .build()
        .read(
            batch -> {
              for (int row = 0; row < batch.size(); row++) {
                for (int q = 0; q < best.size(); q++) {
                  offer(best.get(q), batch, row, queries.get(q).vector());
                }
              }
            });
    return best.stream()
        .map(b -> b.stream().map(Scored::chipId).collect(Collectors.toUnmodifiableSet()))
        .toList();
  }

  private record Scored(String chipId, double cosine) {}

  private static void offer(
      PriorityQueue<Scored> best, EmbeddingBatch batch, int row, float[] query) {
    double dot = 0;
    double squares = 0;
    for (int k = 0; k < DIM; k++) {
      double value = batch.vectors()[row * DIM + k];
      dot += value * query[k];
      squares += value * value;
    }
    double cosine = dot / Math.sqrt(squares);
    if (best.size() < K || cosine > best.peek().cosine()) {
      best.add(new Scored(batch.chipIds()[row], cosine));
      if (best.size() > K) {
        best.poll();
      }
    }
  }
}
