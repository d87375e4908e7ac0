package dev.kiln.benchmarks;

import dev.kiln.memory.HostBuffer;
import dev.kiln.raster.CogLayout;
import dev.kiln.raster.StripWindow;
import dev.kiln.raster.TileDecoder;
import dev.kiln.tiles.TiledTiff;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Upper bound of {@link DecodeBenchmark}: libdeflate inflates the tiles of the same strips into
 * scratch memory. Counts the same bytes.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class InflateBenchmark {
  /** Directory of the sample archive. */
  @Param("")
  public String sample;

  @Param("naip")
  public String platform;

  @Param("1")
  public int threads;

  private SampleScene scene;
  private StripReader windows;
  private final Map<String, TiledTiff> files = new LinkedHashMap<>();

  /** Opens the files of the scene. The benchmarks of the decoders check the pixels. */
  @Setup
  public void load() throws Exception {
    scene = SampleScene.load(Path.of(sample), platform);
    windows = new StripReader(scene, 1, TileDecoder.GDAL);
    for (Map.Entry<String, HostBuffer> asset : scene.assets().entrySet()) {
      HostBuffer bytes = asset.getValue();
      CogLayout layout = CogLayout.read(asset.getKey(), bytes.size(), bytes::slice);
      files.put(asset.getKey(), layout.tiled(bytes));
    }
  }

  @Benchmark
  public void strips(Work work) throws Exception {
    StripWindow window = windows.nextWindow();
    for (TiledTiff file : files.values()) {
      int repeat = windows.width() / file.layout().width();
      int width = window.width() / repeat;
      int rows = window.rows() / repeat;
      int[] bands = IntStream.rangeClosed(1, file.layout().bands()).toArray();
      file.check(new TiledTiff.Window(0, window.firstRow() / repeat, width, rows), bands, threads);
      work.bytes += (long) width * rows * bands.length * file.layout().type().bytes();
    }
  }

  @TearDown
  public void close() {
    windows.close();
    scene.close();
  }
}
