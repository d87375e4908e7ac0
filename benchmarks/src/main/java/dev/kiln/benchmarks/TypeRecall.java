package dev.kiln.benchmarks;

import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import dev.kiln.sink.ChipRows;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.GeoParquetWriter;
import dev.kiln.sink.Provenance;
import dev.kiln.sink.SceneInfo;
import dev.kiln.sink.VectorColumns;
import dev.kiln.sink.VectorType;
import dev.kiln.type.DataType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Compares the types of stored vectors: recall@10 of the cosine against float32 over all pairs,
 * size of the files, and rate of writing them.
 *
 * <p>{@code java -cp … dev.kiln.benchmarks.TypeRecall OUTPUT}, the output of {@code kiln embed} in
 * float32.
 */
public final class TypeRecall {
  private static final int NEIGHBOURS = 10;
  private static final int ROUNDS = 5;

  private final int dim;
  private final float[] vectors;

  private TypeRecall(int dim, float[] vectors) {
    this.dim = dim;
    this.vectors = vectors;
  }

  /** Runs the measurement. */
  public static void main(String[] arguments) throws IOException {
    Locale.setDefault(Locale.ROOT);
    float[] all = new float[0];
    int dim = 0;
    List<Path> files;
    try (Stream<Path> paths = Files.walk(Path.of(arguments[0]))) {
      files = paths.filter(p -> p.toString().endsWith(".parquet")).sorted().toList();
    }
    for (Path path : files) {
      EmbeddingFile file = EmbeddingFile.open(path);
      for (int g = 0; g < file.rowGroups(); g++) {
        float[] more = file.vectors(g).values();
        dim = Math.max(dim, file.vectors(g).dim());
        float[] joined = Arrays.copyOf(all, all.length + more.length);
        System.arraycopy(more, 0, joined, all.length, more.length);
        all = joined;
      }
    }
    System.out.println(
        JsonMapper.shared()
            .writerWithDefaultPrettyPrinter()
            .writeValueAsString(new TypeRecall(dim, all).run()));
  }

  private int count() {
    return vectors.length / dim;
  }

  private ObjectNode run() throws IOException {
    ObjectNode result = JsonMapper.shared().createObjectNode();
    result.put("vectors", count()).put("dim", dim);
    int[][] exact = neighbours(vectors);
    for (VectorType type : VectorType.values()) {
      byte[] file = write(type);
      double best = Double.MAX_VALUE;
      for (int round = 0; round < ROUNDS; round++) {
        long start = System.nanoTime();
        write(type);
        best = Math.min(best, (System.nanoTime() - start) / 1e9);
      }
      Path path = Files.createTempFile("kiln", ".parquet");
      Files.write(path, file);
      float[] stored = EmbeddingFile.open(path).vectors(0).values();
      Files.delete(path);
      ObjectNode node = result.putObject(type.label());
      node.put("recall_at_10", recall(exact, neighbours(stored)));
      node.put("bytes_per_vector", (double) file.length / count());
      node.put("vectors_per_second_written", count() / best);
    }
    return result;
  }

  private byte[] write(VectorType type) throws IOException {
    Chip chip =
        new Chip(0, 0, 0, 0, new Footprint(new double[] {1, 0, 0, 1}, new double[] {1, 1, 0, 0}));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    SceneInfo scene = new SceneInfo("scene", "naip", Instant.EPOCH, 1, "uri", 256, 256, dim);
    Provenance provenance = new Provenance("0", "0", "tiny", "onednn", DataType.FP32, Map.of());
    try (GeoParquetWriter writer =
        new GeoParquetWriter(scene, new VectorColumns(type, false, 0), provenance, bytes)) {
      writer.write(new ChipRows(Collections.nCopies(count(), chip), vectors));
      writer.finish(Map.of());
    }
    return bytes.toByteArray();
  }

  /** Returns the nearest vectors of each by cosine, itself apart. */
  private int[][] neighbours(float[] values) {
    double[] norms = new double[count()];
    for (int i = 0; i < count(); i++) {
      norms[i] = Math.sqrt(dot(values, i, i));
    }
    return IntStream.range(0, count())
        .parallel()
        .mapToObj(
            i -> {
              double[] cosines = new double[count()];
              for (int j = 0; j < count(); j++) {
                cosines[j] = i == j ? -2 : dot(values, i, j) / (norms[i] * norms[j]);
              }
              return IntStream.range(0, count())
                  .boxed()
                  .sorted((a, b) -> Double.compare(cosines[b], cosines[a]))
                  .limit(NEIGHBOURS)
                  .mapToInt(Integer::intValue)
                  .toArray();
            })
        .toArray(int[][]::new);
  }

  private double dot(float[] values, int i, int j) {
    double sum = 0;
    for (int d = 0; d < dim; d++) {
      sum += (double) values[i * dim + d] * values[j * dim + d];
    }
    return sum;
  }

  private static double recall(int[][] expected, int[][] found) {
    long hits = 0;
    for (int i = 0; i < expected.length; i++) {
      int[] wanted = expected[i];
      hits +=
          IntStream.of(found[i]).filter(f -> IntStream.of(wanted).anyMatch(w -> w == f)).count();
    }
    return (double) hits / (expected.length * NEIGHBOURS);
  }
}
