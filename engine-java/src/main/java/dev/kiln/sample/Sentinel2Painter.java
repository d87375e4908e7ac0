package dev.kiln.sample;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;

/**
 * Paints a Sentinel-2 scene strip by strip: landscape under clouds, each file at its own
 * resolution. Pixels of 20 m are means of those of 10 m; clouds, shadows and the swath edge are
 * computed per pixel of 20 m, so that bands and classification agree.
 */
final class Sentinel2Painter {
  /** Rows of 10 m pixels per task. */
  private static final int SWATH = 32;

  private static final int SKY_STEP = 2;
  private static final float CLOUD_COVER = -0.32f;
  private static final float SHADE = 0.55f;
  private static final float VEIL = 0.6f;
  private static final float LARGEST = 16_000;

  /** Amplitude of noise: relative to the signal, and in digital numbers. */
  private static final float SHARED_NOISE = 0.01f;

  private static final float BAND_NOISE = 0.006f;
  private static final float DARK_NOISE = 6;

  private final Sentinel2Scene scene;
  private final Window window;
  private final long seed;
  private final AtomicLongArray classes = new AtomicLongArray(SceneClass.values().length);

  /**
   * Creates the painter.
   *
   * @param window grid of 10 m pixels of even width and height
   */
  Sentinel2Painter(Sentinel2Scene scene, Window window, long seed) {
    this.scene = scene;
    this.window = window;
    this.seed = seed;
  }

  /**
   * Paints rows on all cores.
   *
   * @param firstRow first row in pixels of 10 m, even
   * @param rows number of rows in pixels of 10 m, even
   */
  void paint(int firstRow, int rows, Sentinel2Strip into) {
    IntStream.range(0, (rows + SWATH - 1) / SWATH)
        .parallel()
        .forEach(
            i -> {
              int at = i * SWATH;
              new Swath(firstRow + at, Math.min(SWATH, rows - at)).paint(into, at);
            });
  }

  /** Returns the share of these classes in all pixels painted so far. */
  double share(SceneClass... wanted) {
    long all = IntStream.range(0, classes.length()).mapToLong(classes::get).sum();
    long found = Arrays.stream(wanted).mapToLong(one -> classes.get(one.ordinal())).sum();
    return all == 0 ? 0 : (double) found / all;
  }

  /** Task that paints some rows. */
  private final class Swath {
    private final int firstRow;
    private final int rows;
    private final Landscape landscape;
    private final SmoothFields sky;
    private final Ground ground = new Ground(Material.BANDS);
    private final PixelNoise noise = new PixelNoise(seed ^ scene.id().hashCode());
    private final List<Line> lines = new ArrayList<>();
    private final byte[] classLine = new byte[window.width() / 2];
    private final long[] counts = new long[SceneClass.values().length];

    /** Row of one file: sums over the 10 m pixels that each of its pixels covers. */
    private record Line(Sentinel2Band band, int index, float[] sums) {}

    private Swath(int firstRow, int rows) {
      this.firstRow = firstRow;
      this.rows = rows;
      Window mine = window.rows(firstRow, rows);
      this.landscape = new Landscape(Sentinel2Scene.REGION, seed, scene.acquired().getYear(), mine);
      Window coarse =
          new Window(
              mine.west(), mine.north(), 2 * mine.pixel(), mine.width() / 2, mine.height() / 2);
      CloudLayer clouds = new CloudLayer(seed ^ scene.acquired().toEpochDay(), CLOUD_COVER);
      this.sky = new SmoothFields(clouds, CloudLayer.FIELDS, coarse, SKY_STEP);
      for (Sentinel2Band band : Sentinel2Band.values()) {
        if (band != Sentinel2Band.SCL) {
          int index = Material.BANDS.indexOf(band.commonName());
          lines.add(new Line(band, index, new float[window.width() / band.repeat()]));
        }
      }
    }

    /**
     * Creates the task.
     *
     * @param at first target row in the strip
     */
    private void paint(Sentinel2Strip strip, int at) {
      for (int row = 0; row < rows; row++) {
        if (row % 2 == 0) {
          sky.row(row / 2);
        }
        landscape.row(row);
        for (int column = 0; column < window.width(); column++) {
          paintPixel(row, column);
        }
        for (Line line : lines) {
          if ((row + 1) % line.band.repeat() == 0) {
            store(line, strip, (at + row) / line.band.repeat());
          }
        }
        if (row % 2 == 1) {
          long offset = strip.offset(Sentinel2Band.SCL, (at + row) / 2);
          strip.pixels().slice(offset, classLine.length).put(classLine);
        }
      }
      for (int i = 0; i < counts.length; i++) {
        classes.addAndGet(i, counts[i]);
      }
    }

    private void paintPixel(int row, int column) {
      int coarse = column / 2;
      boolean first = row % 2 == 0 && column % 2 == 0;
      if (Sentinel2Scene.outside(
          2.0 * coarse / window.width(), 2.0 * ((firstRow + row) / 2) / window.height())) {
        if (first) {
          classify(coarse, SceneClass.NO_DATA);
        }
        return;
      }
      landscape.paint(column, ground);
      if (first) {
        classify(coarse, sceneClass(coarse));
      }
      float cloud = sky.get(CloudLayer.CLOUD, coarse);
      float shadow = sky.get(CloudLayer.SHADOW, coarse);
      ground.light(1 - SHADE * opacity(shadow));
      ground.cover(Material.CLOUD, VEIL * sky.get(CloudLayer.CIRRUS, coarse));
      ground.cover(Material.CLOUD, opacity(cloud));
      ground.light(1 + 0.25f * Math.max(-0.2f, cloud) * opacity(cloud));
      noise.pixel(column, firstRow + row, Material.BANDS.size());
      float shared = SHARED_NOISE * noise.shared();
      for (Line line : lines) {
        float signal = ground.reflectance(line.index);
        float own = noise.band(line.index);
        line.sums[column / line.band.repeat()] +=
            signal * (1 + shared + BAND_NOISE * own) + DARK_NOISE * own;
      }
    }

    private void classify(int coarse, SceneClass found) {
      classLine[coarse] = (byte) found.value();
      counts[found.ordinal()]++;
    }

    private SceneClass sceneClass(int coarse) {
      float opacity = opacity(sky.get(CloudLayer.CLOUD, coarse));
      if (opacity > 0.25f) {
        return opacity > 0.6f ? SceneClass.CLOUD_HIGH : SceneClass.CLOUD_MEDIUM;
      }
      if (sky.get(CloudLayer.CIRRUS, coarse) > 0.2f) {
        return SceneClass.CIRRUS;
      }
      if (opacity(sky.get(CloudLayer.SHADOW, coarse)) > 0.4f) {
        return SceneClass.SHADOW;
      }
      float red = ground.reflectance(2);
      float nir = ground.reflectance(6);
      if (nir < ground.reflectance(1)) {
        return SceneClass.WATER;
      }
      // Approximately the vegetation index threshold of the real classification.
      return nir - red > 0.4f * (nir + red) ? SceneClass.VEGETATION : SceneClass.BARE;
    }

    private static float opacity(float thickness) {
      float t = Math.max(0, Math.min(1, 4 * thickness));
      return t * t * (3 - 2 * t);
    }

    /** Converts sums to digital numbers; 0 means no data. */
    private void store(Line line, Sentinel2Strip strip, int row) {
      int pixels = line.band.repeat() * line.band.repeat();
      ByteBuffer into =
          strip.pixels().slice(strip.offset(line.band, row), strip.lineBytes(line.band));
      for (int i = 0; i < line.sums.length; i++) {
        float sum = line.sums[i];
        int number = sum == 0 ? 0 : (int) Math.max(1, Math.min(LARGEST, sum / pixels));
        into.putShort(2 * i, (short) number);
        line.sums[i] = 0;
      }
    }
  }
}
