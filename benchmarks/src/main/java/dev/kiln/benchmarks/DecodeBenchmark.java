package dev.kiln.benchmarks;

import dev.kiln.memory.Strip;
import dev.kiln.raster.TileDecoder;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Decodes the files of a scene to raw pixels, strip by strip. Counts bytes of raw pixels. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class DecodeBenchmark {
  /** Directory of the sample archive. */
  @Param("")
  public String sample;

  @Param("naip")
  public String platform;

  @Param("1")
  public int threads;

  @Param("NATIVE")
  public TileDecoder decoder;

  private SampleScene scene;
  private StripReader reader;

  /** Loads the scene and compares the four corners of its first strip with GDAL. */
  @Setup
  public void load() throws Exception {
    scene = SampleScene.load(Path.of(sample), platform);
    reader = new StripReader(scene, threads, decoder);
    try (OneWindowPerChip other = new OneWindowPerChip(scene);
        Strip strip = reader.read()) {
      int right = (reader.grid().columns() - 1) * reader.grid().chipSize();
      int lower = strip.firstRow() + strip.rows() - reader.grid().chipSize();
      other.check(strip, 0, 0);
      other.check(strip, right, 0);
      other.check(strip, 0, lower);
      other.check(strip, right, lower);
    }
  }

  @Benchmark
  public void strips(Work work) throws Exception {
    try (Strip strip = reader.read()) {
      work.bytes += StripReader.bytes(strip);
    }
  }

  @TearDown
  public void close() {
    reader.close();
    scene.close();
  }
}
