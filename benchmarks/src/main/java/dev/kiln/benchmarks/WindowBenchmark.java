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

/** Reads the pixels of {@link DecodeBenchmark} as scripts do: chip by chip, on one thread. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class WindowBenchmark {
  /** Directory of the sample archive. */
  @Param("")
  public String sample;

  @Param("naip")
  public String platform;

  private SampleScene scene;
  private OneWindowPerChip windows;
  private StripReader reader;
  private Strip first;
  private int next;

  /** Loads the scene and compares a chip with the decoder of the engine. */
  @Setup
  public void load() throws Exception {
    scene = SampleScene.load(Path.of(sample), platform);
    windows = new OneWindowPerChip(scene);
    reader = new StripReader(scene, 1, TileDecoder.GDAL);
    first = reader.read();
    windows.check(first, 0, 0);
  }

  @Benchmark
  public void chip(Work work) {
    int chip = next++ % reader.grid().size();
    work.bytes += windows.read(first, reader.grid().left(chip), reader.grid().top(chip));
    work.items++;
  }

  @TearDown
  public void close() {
    first.close();
    reader.close();
    windows.close();
    scene.close();
  }
}
