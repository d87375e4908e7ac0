package dev.kiln.explore;

import dev.kiln.archive.BandAsset;
import dev.kiln.archive.Scene;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.RangePlan;
import dev.kiln.fetch.SparseObject;
import dev.kiln.platform.Band;
import dev.kiln.raster.ImagePyramid;
import dev.kiln.tiles.TiledTiff;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The imagery of one scene in three bands, as colours. A value of the mean of Clay's training
 * pixels minus two standard deviations is black, one of plus two and a half is white. Opened when
 * it is first used. Methods exclude each other.
 */
final class SceneImage implements OpenScenes.Held {
  /** Edge of a tile in pixels. */
  static final int TILE = 256;

  /** Places per edge of a tile at which coordinates are exact; between them they are linear. */
  static final int GRID = 17;

  private static final double DARKEST = -2;
  private static final double BRIGHTEST = 2.5;

  /** Pixels that are read for one tile at most. */
  private static final long MOST_PIXELS = 4 << 20;

  private final ObjectStore source;
  private final Description description;
  private final List<Band> shown;
  private final Map<String, SparseObject> objects = new LinkedHashMap<>();
  private final Map<String, ImagePyramid> files = new LinkedHashMap<>();
  private volatile long heldBytes;

  /** Null until it is first used. */
  private Scene scene;

  /** Finds a scene in its archive. */
  interface Description {
    /** Returns the scene; may read from the archive. */
    Scene scene() throws IOException;
  }

  /**
   * Creates the image of a scene, without reading anything.
   *
   * @param source that contains it, borrowed
   * @param description finds the scene when it is first used
   * @param shown bands that are shown as red, green and blue
   */
  SceneImage(ObjectStore source, Description description, List<Band> shown) {
    this.source = source;
    this.description = description;
    this.shown = shown;
  }

  /** Returns the bytes of imagery in memory. */
  @Override
  public long heldBytes() {
    // Not synchronised: a value that is a little old will do, and reading can take long.
    return heldBytes;
  }

  private void open() throws IOException, InterruptedException {
    if (scene == null) {
      scene = description.scene();
    }
    for (Band band : shown) {
      String name = ScenePictures.asset(scene, band).object().name();
      if (!files.containsKey(name)) {
        SparseObject object = source.open(List.of(name)).get(0);
        objects.put(name, object);
        files.put(name, ImagePyramid.open(name, object.buffer(), (at, n) -> bytes(object, at, n)));
      }
    }
    for (ImagePyramid file : files.values()) {
      if (file.width() != grid().width() || file.height() != grid().height()) {
        throw SceneException.permanent(
            scene.sceneKey(), "expected red, green and blue of one size, found several");
      }
    }
  }

  private static ByteBuffer bytes(SparseObject object, long offset, int length)
      throws SceneException, InterruptedException {
    try {
      return object.bytes(offset, length);
    } catch (IOException e) {
      throw SceneException.transientError(object.key(), "reading failed: " + e.getMessage(), e);
    }
  }

  /**
   * Reads a chip.
   *
   * @param x left edge in pixels
   * @param y upper edge in pixels
   * @param size edge in pixels
   * @param within whether a chip that extends over the right or lower edge is moved inward
   * @return {@code [size, size]} colours, as {@link #window}
   */
  synchronized int[] chip(int x, int y, int size, boolean within)
      throws IOException, InterruptedException {
    open();
    return within
        ? window(Math.min(x, grid().width() - size), Math.min(y, grid().height() - size), size)
        : window(x, y, size);
  }

  /**
   * Reads a square of the full resolution.
   *
   * @param x left edge in pixels
   * @param y upper edge in pixels
   * @param size edge in pixels
   * @return {@code [size, size]} opaque colours; grey outside the image and without data
   */
  synchronized int[] window(int x, int y, int size) throws IOException, InterruptedException {
    open();
    ImagePyramid grid = grid();
    int[] argb = new int[size * size];
    Arrays.fill(argb, 0xff9a_a0a6);
    TiledTiff.Window window = grid.inside(0, new TiledTiff.Window(x, y, size, size));
    if (window.width() == 0 || window.height() == 0) {
      return argb;
    }
    int[] colors = colors(0, window);
    for (int row = 0; row < window.height(); row++) {
      for (int column = 0; column < window.width(); column++) {
        int color = colors[row * window.width() + column];
        if (color != 0) {
          argb[(row + window.y() - y) * size + column + window.x() - x] = color;
        }
      }
    }
    return argb;
  }

  /** Returns a file with the grid of all shown bands. */
  private ImagePyramid grid() {
    return files.values().iterator().next();
  }

  /**
   * Draws the scene on a tile of a map.
   *
   * @param lon longitudes of {@link #GRID} places from the left to the right edge
   * @param lat latitudes of as many places from the upper to the lower edge
   * @param argb {@code [TILE, TILE]}, drawn over
   */
  synchronized void draw(double[] lon, double[] lat, int[] argb)
      throws IOException, InterruptedException {
    open();
    ImagePyramid grid = grid();
    double[] x = new double[GRID * GRID];
    double[] y = new double[GRID * GRID];
    for (int i = 0; i < x.length; i++) {
      x[i] = lon[i % GRID];
      y[i] = lat[i / GRID];
    }
    if (!grid.toPixels(x, y)) {
      return;
    }
    int level = grid.level(Math.hypot(x[GRID - 1] - x[0], y[GRID - 1] - y[0]) / (TILE - 1));
    double reduction = grid.reduction(level);
    TiledTiff.Window window = grid.inside(level, around(x, y, reduction));
    if ((long) window.width() * window.height() > MOST_PIXELS
        || window.width() == 0
        || window.height() == 0) {
      return;
    }
    int[] colors = colors(level, window);
    for (int row = 0; row < TILE; row++) {
      for (int column = 0; column < TILE; column++) {
        double px = between(x, column + 0.5, row + 0.5) / reduction - window.x();
        double py = between(y, column + 0.5, row + 0.5) / reduction - window.y();
        int i = (int) Math.floor(px);
        int j = (int) Math.floor(py);
        if (i >= 0 && j >= 0 && i < window.width() && j < window.height()) {
          int color = colors[j * window.width() + i];
          if (color != 0) {
            argb[row * TILE + column] = color;
          }
        }
      }
    }
  }

  private static TiledTiff.Window around(double[] x, double[] y, double reduction) {
    double left = Arrays.stream(x).min().orElseThrow() / reduction;
    double top = Arrays.stream(y).min().orElseThrow() / reduction;
    double right = Arrays.stream(x).max().orElseThrow() / reduction;
    double bottom = Arrays.stream(y).max().orElseThrow() / reduction;
    int limit = Integer.MAX_VALUE / 4;
    int west = (int) Math.max(-limit, Math.floor(left) - 1);
    int north = (int) Math.max(-limit, Math.floor(top) - 1);
    int east = (int) Math.min(limit, Math.ceil(right) + 1);
    int south = (int) Math.min(limit, Math.ceil(bottom) + 1);
    return new TiledTiff.Window(west, north, Math.max(0, east - west), Math.max(0, south - north));
  }

  /** Interpolates a coordinate that is known on the grid. */
  private static double between(double[] values, double column, double row) {
    double gx = column * (GRID - 1) / TILE;
    double gy = row * (GRID - 1) / TILE;
    int i = Math.min(GRID - 2, (int) gx);
    int j = Math.min(GRID - 2, (int) gy);
    double fx = gx - i;
    double fy = gy - j;
    int at = j * GRID + i;
    return (1 - fy) * ((1 - fx) * values[at] + fx * values[at + 1])
        + fy * ((1 - fx) * values[at + GRID] + fx * values[at + GRID + 1]);
  }

  /**
   * Reads a window of the grid as colours; 0 for pixels without data in every band.
   *
   * @param level of the file with the grid
   */
  private int[] colors(int level, TiledTiff.Window window)
      throws IOException, InterruptedException {
    fetch(level, window);
    int[] argb = new int[window.width() * window.height()];
    boolean[] data = new boolean[argb.length];
    for (int c = 0; c < 3; c++) {
      Band band = shown.get(c);
      BandAsset asset = ScenePictures.asset(scene, band);
      ImagePyramid file = files.get(asset.object().name());
      float[] values = file.read(level, window, asset.index());
      for (int i = 0; i < argb.length; i++) {
        argb[i] = argb[i] << 8 | channel(values[i], band);
        data[i] |= values[i] != 0 && !Float.isNaN(values[i]);
      }
    }
    for (int i = 0; i < argb.length; i++) {
      argb[i] = data[i] ? 0xff00_0000 | argb[i] : 0;
    }
    return argb;
  }

  private void fetch(int level, TiledTiff.Window window) throws IOException, InterruptedException {
    List<RangePlan> plans = new ArrayList<>();
    for (Map.Entry<String, ImagePyramid> entry : files.entrySet()) {
      ImagePyramid file = entry.getValue();
      int[] bands =
          scene.bands().stream()
              .filter(asset -> asset.object().name().equals(entry.getKey()))
              .filter(asset -> shown.stream().anyMatch(b -> b.name().equals(asset.band())))
              .mapToInt(BandAsset::index)
              .toArray();
      plans.add(objects.get(entry.getKey()).plan(file.ranges(level, window, bands)));
    }
    source.fetch(plans);
    heldBytes = objects.values().stream().mapToLong(SparseObject::heldBytes).sum();
  }

  private static int channel(float value, Band band) {
    if (Float.isNaN(value)) {
      return 0;
    }
    double low = band.mean() + DARKEST * band.std();
    // Reflectance has no negative values.
    low = band.mean() > 0 ? Math.max(0, low) : low;
    double high = band.mean() + BRIGHTEST * band.std();
    return (int) Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low))));
  }

  /** Closes the files; the next use opens them again. */
  @Override
  public synchronized void close() {
    files.values().forEach(ImagePyramid::close);
    files.clear();
    objects.values().forEach(SparseObject::close);
    objects.clear();
    heldBytes = 0;
  }
}
