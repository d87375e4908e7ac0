package dev.kiln.benchmarks;

import dev.kiln.archive.ListingStats;
import dev.kiln.archive.NaipManifest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Filters the NAIP manifest by one state, on one thread. Counts lines. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class ManifestBenchmark {
  /** Lines of the published manifest. */
  static final int ALL = 1_231_441;

  private static final String[] STATES = {"al", "ca", "nd", "tx"};

  @Param("" + ALL)
  public int lines;

  private byte[] manifest;
  private NaipManifest wanted;

  /** Writes a manifest of scenes, and checks the number of those of one state. */
  @Setup
  public void write() throws IOException {
    StringBuilder text = new StringBuilder();
    int expected = 0;
    for (int i = 0; i < lines; i++) {
      String state = STATES[i % STATES.length];
      expected += state.equals("nd") ? 1 : 0;
      int block = 30000 + i % 20000;
      text.append(state)
          .append("/2018/60cm/rgbir_cog/")
          .append(block)
          .append("/m_")
          .append(block)
          .append(10 + i % 54)
          .append("_se_14_060_20180716_20190209.tif\n");
    }
    manifest = text.toString().getBytes(StandardCharsets.UTF_8);
    wanted = NaipManifest.of("nd", null, null);
    ListingStats stats = read();
    if (stats.kept() != expected || stats.total() != lines) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "manifest: expected %d of %d, found %d of %d",
              expected,
              lines,
              stats.kept(),
              stats.total()));
    }
  }

  private ListingStats read() throws IOException {
    return wanted.select("manifest", new ByteArrayInputStream(manifest), key -> {});
  }

  @Benchmark
  public ListingStats select(Work work) throws IOException {
    work.items += lines;
    return read();
  }
}
