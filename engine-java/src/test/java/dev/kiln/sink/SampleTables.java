package dev.kiln.sink;

import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import dev.kiln.type.DataType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Made-up scenes: a grid five chips wide near 99 degrees west, 47 degrees north. */
public final class SampleTables {
  public static final Provenance PROVENANCE =
      new Provenance(
          "0.1.0",
          "sha256:0f1e",
          "micro",
          "cpu",
          DataType.FP32,
          Map.of("location-order", "trained", "chip", "256"));

  private static final int GRID_WIDTH = 5;
  private static final double STEP = 0.01;

  private SampleTables() {}

  public static SceneTable table(int rows, int dim) {
    Random random = new Random(7);
    float[] embeddings = new float[rows * dim];
    for (int i = 0; i < embeddings.length; i++) {
      embeddings[i] = (float) random.nextGaussian();
    }
    return table(rows, dim, embeddings);
  }

  public static SceneTable table(int rows, int dim, float[] embeddings) {
    List<Chip> chips = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      int x = i % GRID_WIDTH;
      int y = i / GRID_WIDTH;
      chips.add(new Chip(x, y, i / 100f, i / 200f, footprint(x, y)));
    }
    return new SceneTable(
        new SceneInfo(
            "m_4709963_se_14_1_20180716",
            "naip",
            Instant.parse("2018-07-16T12:00:00.123456Z"),
            0.6,
            "s3://naip-analytic/nd/2018/60cm/rgbir_cog/47099/m_4709963_se_14_1_20180716.tif",
            256,
            dim),
        chips,
        embeddings);
  }

  /** Slightly turned against the axes, as a projected rectangle is. */
  private static Footprint footprint(int x, int y) {
    double west = -99.1855244543612 + x * STEP + y * 1e-5;
    double north = 47.0366255659529 - y * STEP + x * 1e-5;
    double east = west + STEP;
    double south = north - STEP;
    return new Footprint(
        new double[] {east, west, west + 1e-5, east + 1e-5},
        new double[] {north + 1e-5, north, south, south + 1e-5});
  }
}
