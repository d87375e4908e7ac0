package dev.kiln.explore;

import dev.kiln.archive.MosaicPiece;
import dev.kiln.archive.Scene;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.platform.Band;
import dev.kiln.platform.BandScale;
import dev.kiln.raster.ImagePyramid;
import dev.kiln.tiles.TiledTiff;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The imagery of one scene in three bands, as colours. A value of the mean of Clay's training
 * pixels minus two standard deviations is black, one of plus two and a half is white. A mosaic is
 * drawn file by file. Opened when it is first used. Methods exclude each other.
 */
final class SceneImage implements OpenScenes.Held {
  private static final double DARKEST = -2;
  private static final double BRIGHTEST = 2.5;

  /** Pixels that are read for one tile at most. */
  private static final long MOST_PIXELS = 4 << 20;

  /** Files of a mosaic that are read for one tile at most, and that stay open. */
  private static final int MOST_FILES = 64;

  private static final int NO_DATA = 0xff9a_a0a6;

  private final Description description;
  private final List<Band> shown;
  private final SceneFiles files;

  /** Null until it is first used. */
  private Scene scene;

  /** Later ones cover earlier ones. Empty until the image is first used. */
  private List<SceneLayer> layers = List.of();

  private int width;
  private int height;

  /** Finds a scene in its archive. */
  interface Description {
    /** Returns the scene; may read from the archive. */
    Scene scene() throws IOException;
  }

  /** What is read of a layer: a window of a level of its files. */
  private record Part(SceneLayer layer, int level, double reduction, TiledTiff.Window window) {
    boolean isEmpty() {
      return window.width() == 0 || window.height() == 0;
    }
  }

  /**
   * Creates the image of a scene, without reading anything.
   *
   * @param source that contains it, borrowed
   * @param description finds the scene when it is first used
   * @param shown bands that are shown as red, green and blue
   */
  SceneImage(ObjectStore source, Description description, List<Band> shown) {
    this.description = description;
    this.shown = shown;
    this.files = new SceneFiles(source);
  }

  /** Returns the bytes of imagery in memory. */
  @Override
  public long heldBytes() {
    // Not synchronised: a value that is a little old will do, and reading can take long.
    return files.heldBytes();
  }

  private void open() throws IOException, InterruptedException {
    if (scene == null) {
      scene = description.scene();
    }
    if (layers.isEmpty()) {
      layers = scene.pieces().isEmpty() ? List.of(wholeFiles()) : mosaic();
    }
    files.open(layers.get(0).names());
  }

  private SceneLayer wholeFiles() throws IOException, InterruptedException {
    List<String> names = new ArrayList<>();
    for (Band band : shown) {
      names.add(ScenePictures.asset(scene, band).object().name());
    }
    files.open(names);
    ImagePyramid grid = files.image(names.get(0));
    for (String name : names) {
      ImagePyramid file = files.image(name);
      if (file.width() != grid.width() || file.height() != grid.height()) {
        throw SceneException.permanent(
            scene.sceneKey(), "expected red, green and blue of one size, found several");
      }
    }
    width = grid.width();
    height = grid.height();
    return SceneLayer.ofFiles(names, bands(), width, height);
  }

  private List<SceneLayer> mosaic() throws SceneException {
    width = scene.grid().orElseThrow().width();
    height = scene.grid().orElseThrow().height();
    int[] bands = bands();
    List<SceneLayer> found = new ArrayList<>();
    for (MosaicPiece piece : scene.pieces()) {
      found.add(SceneLayer.ofPiece(piece, bands));
    }
    return found;
  }

  private int[] bands() throws SceneException {
    int[] bands = new int[shown.size()];
    for (int c = 0; c < bands.length; c++) {
      bands[c] = ScenePictures.asset(scene, shown.get(c)).index();
    }
    return bands;
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
        ? window(Math.min(x, width - size), Math.min(y, height - size), size)
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
    int[] argb = new int[size * size];
    Arrays.fill(argb, NO_DATA);
    TiledTiff.Window wanted = new TiledTiff.Window(x, y, size, size);
    List<Part> parts = new ArrayList<>();
    for (SceneLayer layer : visible(wanted)) {
      ImagePyramid image = files.image(layer.grid());
      Part part = new Part(layer, 0, 1, image.inside(0, layer.inFile(wanted)));
      if (!part.isEmpty()) {
        parts.add(part);
      }
    }
    fetch(parts);
    for (Part part : parts) {
      TiledTiff.Window window = part.window();
      int[] colors = colors(part);
      int left = window.x() + part.layer().left() - x;
      int top = window.y() + part.layer().top() - y;
      for (int i = 0; i < colors.length; i++) {
        if (colors[i] != 0) {
          argb[(i / window.width() + top) * size + i % window.width() + left] = colors[i];
        }
      }
    }
    files.keep(MOST_FILES);
    return argb;
  }

  /** Returns the layers in a window of the scene, open; none if they are too many. */
  private List<SceneLayer> visible(TiledTiff.Window window)
      throws IOException, InterruptedException {
    List<SceneLayer> found = layers.stream().filter(layer -> layer.isIn(window)).toList();
    List<String> names =
        found.stream().flatMap(layer -> layer.names().stream()).distinct().toList();
    if (names.size() > MOST_FILES) {
      return List.of();
    }
    files.open(names);
    return found;
  }

  /**
   * Draws the scene on a tile of a map.
   *
   * @param lon longitudes of {@link TilePlaces#GRID} places from the left to the right edge
   * @param lat latitudes of as many places from the upper to the lower edge
   * @param argb {@code [TILE, TILE]}, drawn over
   */
  synchronized void draw(double[] lon, double[] lat, int[] argb)
      throws IOException, InterruptedException {
    open();
    double[] x = new double[TilePlaces.GRID * TilePlaces.GRID];
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = lon[i % TilePlaces.GRID];
      y[i] = lat[i / TilePlaces.GRID];
    }
    SceneLayer first = layers.get(0);
    if (!files.image(first.grid()).toPixels(x, y)) {
      return;
    }
    for (int i = 0; i < x.length; i++) {
      x[i] += first.left();
      y[i] += first.top();
    }
    TilePlaces places = new TilePlaces(x, y);
    List<Part> parts = new ArrayList<>();
    long pixels = 0;
    for (SceneLayer layer : visible(places.window(0, 0, 1))) {
      Part part = part(layer, places);
      if (!part.isEmpty()) {
        parts.add(part);
        pixels += (long) part.window().width() * part.window().height();
      }
    }
    if (pixels <= MOST_PIXELS) {
      fetch(parts);
      for (Part part : parts) {
        draw(part, places, argb);
      }
    }
    files.keep(MOST_FILES);
  }

  /** Returns what is read of a layer for a tile, of the level with about the tile's pixels. */
  private Part part(SceneLayer layer, TilePlaces places) {
    ImagePyramid image = files.image(layer.grid());
    int level = image.level(places.step());
    double reduction = image.reduction(level);
    TiledTiff.Window window =
        SceneLayer.intersection(
            places.window(layer.left(), layer.top(), reduction),
            TilePlaces.reduced(layer.inFile(layer.part()), reduction));
    return new Part(layer, level, reduction, image.inside(level, window));
  }

  private void draw(Part part, TilePlaces places, int[] argb) throws SceneException {
    TiledTiff.Window window = part.window();
    SceneLayer layer = part.layer();
    int[] colors = colors(part);
    for (int row = 0; row < TilePlaces.TILE; row++) {
      for (int column = 0; column < TilePlaces.TILE; column++) {
        double x = places.column(column, row);
        double y = places.row(column, row);
        int i = (int) Math.floor((x - layer.left()) / part.reduction()) - window.x();
        int j = (int) Math.floor((y - layer.top()) / part.reduction()) - window.y();
        boolean inside = i >= 0 && j >= 0 && i < window.width() && j < window.height();
        if (inside && layer.covers(x, y) && colors[j * window.width() + i] != 0) {
          argb[row * TilePlaces.TILE + column] = colors[j * window.width() + i];
        }
      }
    }
  }

  private void fetch(List<Part> parts) throws IOException, InterruptedException {
    files.fetch(
        parts.stream()
            .flatMap(part -> part.layer().fetches(part.level(), part.window()).stream())
            .toList());
  }

  /** Decodes what was fetched as colours; 0 for pixels without data in every band. */
  private int[] colors(Part part) throws SceneException {
    TiledTiff.Window window = part.window();
    SceneLayer layer = part.layer();
    float none = (float) layer.nodata().orElse(Double.NaN);
    int[] argb = new int[window.width() * window.height()];
    boolean[] data = new boolean[argb.length];
    for (int c = 0; c < shown.size(); c++) {
      Band band = shown.get(c);
      float[] values =
          files.image(layer.names().get(c)).read(part.level(), window, layer.bands()[c]);
      for (int i = 0; i < argb.length; i++) {
        argb[i] = argb[i] << 8 | channel(values[i], band);
        data[i] |= values[i] != 0 && values[i] != none && !Float.isNaN(values[i]);
      }
    }
    for (int i = 0; i < argb.length; i++) {
      argb[i] = data[i] ? 0xff00_0000 | argb[i] : 0;
    }
    return argb;
  }

  private static int channel(float value, Band band) {
    if (Float.isNaN(value)) {
      return 0;
    }
    double low = band.mean() + DARKEST * band.std();
    // Reflectance has no negative values.
    low = band.mean() > 0 ? Math.max(0, low) : low;
    double high = band.mean() + BRIGHTEST * band.std();
    BandScale scale = band.scale().orElse(BandScale.STORED);
    double meant = value * scale.scale() + scale.offset();
    return (int) Math.round(255 * Math.min(1, Math.max(0, (meant - low) / (high - low))));
  }

  /** Closes the files; the next use opens them again. */
  @Override
  public synchronized void close() {
    files.close();
  }
}
