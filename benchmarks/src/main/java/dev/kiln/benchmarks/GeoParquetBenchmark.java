package dev.kiln.benchmarks;

import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import dev.kiln.sink.EmbeddingFile;
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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Writing the file of one full-size NAIP scene with the vectors of Clay large, on one thread.
 * Counts chips.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class GeoParquetBenchmark {
  private static final int COLUMNS = 49;
  private static final int DIM = 1024;

  /** Chips of the scene. */
  @Param("1813")
  public int chips;

  /** Whether the vectors come from a GPU that gives 16 bits. */
  @Param("false")
  public boolean bf16;

  private SceneTable table;
  private Provenance provenance;

  /** Makes the scene, writes it once and reads it back. */
  @Setup
  public void make() throws IOException {
    Random random = new Random(7);
    float[] vectors = new float[chips * DIM];
    for (int i = 0; i < vectors.length; i++) {
      float value = (float) random.nextGaussian();
      vectors[i] = bf16 ? Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xFFFF0000) : value;
    }
    table =
        new SceneTable(
            new SceneInfo(
                "m_4709963_se_14_060_20200831",
                "naip",
                Instant.parse("2020-08-31T12:00:00Z"),
                0.6,
                "s3://naip-analytic/nd/2020/60cm/rgbir_cog/47099/m_4709963_se_14_060_20200831.tif",
                256,
                DIM),
            grid(chips),
            vectors);
    provenance = new Provenance("benchmark", "sha256:0", "large", "none", DataType.FP32, Map.of());
    Path file = Files.createTempFile("kiln-benchmark", ".parquet");
    try {
      Files.write(file, GeoParquetWriter.toBytes(table, provenance));
      if (!Arrays.equals(EmbeddingFile.open(file).vectors(0).values(), vectors)) {
        throw new IllegalStateException("other vectors read than were written");
      }
    } finally {
      Files.delete(file);
    }
  }

  private static List<Chip> grid(int count) {
    List<Chip> chips = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int x = i % COLUMNS;
      int y = i / COLUMNS;
      double west = -99.07 + x * 0.00201;
      double south = 47.06 - y * 0.00138;
      double east = west + 0.00201;
      double north = south + 0.00138;
      chips.add(
          new Chip(
              x,
              y,
              0,
              0,
              new Footprint(
                  new double[] {east, west, west, east},
                  new double[] {north, north, south, south})));
    }
    return chips;
  }

  @Benchmark
  public byte[] write(Work work) {
    work.items += chips;
    return GeoParquetWriter.toBytes(table, provenance);
  }
}
