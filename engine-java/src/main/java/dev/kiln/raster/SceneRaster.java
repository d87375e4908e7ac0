package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.tiles.TiledTiff;
import dev.kiln.type.PixelType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The bands of one scene on one grid: that of its finest band. A coarser band must divide it
 * evenly; it stays at its own resolution. The files are borrowed. For one thread at a time.
 */
public final class SceneRaster implements AutoCloseable {
  private static final int ALIGNMENT = 64;

  /**
   * One band of the platform.
   *
   * @param band its name, for messages
   * @param file that holds it
   * @param index its number in the file, from 1
   */
  public record Source(String band, CogFile file, int index) {}

  private final List<Source> sources;
  private final CogFile finest;
  private final int refinement;
  private final Crs crs;

  private SceneRaster(List<Source> sources, CogFile finest, int refinement) throws SceneException {
    this.sources = List.copyOf(sources);
    this.finest = finest;
    this.refinement = refinement;
    this.crs = finest.toLonLat();
  }

  /**
   * @param key the scene, for messages
   * @param sources one a band, in the platform's order
   * @throws SceneException permanent if the files do not fit together
   */
  public static SceneRaster of(String key, List<Source> sources) throws SceneException {
    CogFile finest = sources.get(0).file();
    for (Source source : sources) {
      if (source.file().width() > finest.width()) {
        finest = source.file();
      }
    }
    for (Source source : sources) {
      fits(source, finest);
    }
    return new SceneRaster(sources, finest, 1);
  }

  /**
   * The raster of a scene's mask, on the grid of the scene.
   *
   * @param mask the classification band
   * @param refinement pixels of the scene's grid that a pixel of the mask covers in each direction
   * @throws SceneException permanent if the file does not hold it
   */
  public static SceneRaster ofMask(Source mask, int refinement) throws SceneException {
    fits(mask, mask.file());
    return new SceneRaster(List.of(mask), mask.file(), refinement);
  }

  private static void fits(Source source, CogFile grid) throws SceneException {
    CogFile file = source.file();
    String band = "band " + source.band() + " (" + file.key() + ")";
    if (source.index() > file.bands()) {
      throw SceneException.permanent(
          file.key(),
          "band %s expected as number %d, found %d bands"
              .formatted(source.band(), source.index(), file.bands()));
    }
    int repeat = grid.width() / file.width();
    if (file.width() * repeat != grid.width() || file.height() * repeat != grid.height()) {
      throw SceneException.permanent(
          file.key(),
          "%s is %d × %d px, which does not divide the grid of %d × %d px (%s)"
              .formatted(
                  band, file.width(), file.height(), grid.width(), grid.height(), grid.key()));
    }
    if (!file.ground().isSameAs(grid.ground())) {
      throw SceneException.permanent(
          file.key(), band + " lies elsewhere or in another coordinate system than " + grid.key());
    }
  }

  /** Columns of the grid in pixels. */
  public int width() {
    return finest.width() * refinement;
  }

  /** Rows of the grid in pixels. */
  public int height() {
    return finest.height() * refinement;
  }

  /** The object that holds the finest band, for messages. */
  public String key() {
    return finest.key();
  }

  /** Pixel type of the finest band. */
  PixelType type() {
    return finest.type();
  }

  /** Where the scene lies. */
  public GeoExtent ground() {
    return finest.ground();
  }

  /** Height of the highest row of tiles of the finest bands, in grid pixels. */
  public int tileHeight() {
    return stripStep().tileHeight();
  }

  /** Every so many grid rows, a row of pixels begins in all bands at once. */
  public int rowStep() {
    return stripStep().rowStep();
  }

  private StripStep stripStep() {
    return StripStep.of(
        width(),
        sources.stream()
            .map(s -> new StripStep.Tiles(s.file().width(), s.file().tileHeight()))
            .toList());
  }

  private int repeat(CogFile file) {
    return width() / file.width();
  }

  /**
   * Corners on the ground of the square of {@code edge} pixels whose upper left is (x, y):
   * counter-clockwise from the upper right.
   *
   * @return four longitudes and four latitudes in degrees; empty if a corner is not on the Earth,
   *     as at the rim of a map of the world
   */
  public Optional<double[][]> corners(int x, int y, int edge) {
    double left = finest.easting((double) x / refinement);
    double right = finest.easting((double) (x + edge) / refinement);
    double upper = finest.northing((double) y / refinement);
    double lower = finest.northing((double) (y + edge) / refinement);
    double[] lon = {right, left, left, right};
    double[] lat = {upper, upper, lower, lower};
    return crs.toLonLat(lon, lat) ? Optional.of(new double[][] {lon, lat}) : Optional.empty();
  }

  /**
   * Reads the raw pixels of a strip: pixel-interleaved where the file is, else planar. Outside the
   * window's spans the planes hold anything.
   *
   * @param memory lends the strip's
   * @return the caller owns it
   * @throws SceneException permanent if the pixels cannot be decoded
   */
  public Strip read(StripWindow window, BufferPool memory) throws SceneException {
    Map<CogFile, List<Integer>> bandsOfFile = new LinkedHashMap<>();
    for (int i = 0; i < sources.size(); i++) {
      bandsOfFile.computeIfAbsent(sources.get(i).file(), f -> new ArrayList<>()).add(i);
    }
    BandPlane[] planes = new BandPlane[sources.size()];
    long bytes = 0;
    for (Map.Entry<CogFile, List<Integer>> entry : bandsOfFile.entrySet()) {
      bytes = lay(entry.getKey(), entry.getValue(), window, bytes, planes);
    }
    HostBuffer pixels = memory.take("strip of " + finest.key(), bytes);
    try {
      List<TileRead> reads = new ArrayList<>();
      for (Map.Entry<CogFile, List<Integer>> entry : bandsOfFile.entrySet()) {
        reads.addAll(reads(entry.getKey(), entry.getValue(), window, planes, pixels));
      }
      TileRead.all(reads, finest.threads());
      return new Strip(pixels, List.of(planes), window.firstRow(), window.rows());
    } catch (RuntimeException | Error e) {
      pixels.close();
      throw e;
    }
  }

  /** Lays out the planes of one file from byte {@code start}; returns the byte after them. */
  private long lay(
      CogFile file, List<Integer> bands, StripWindow window, long start, BandPlane[] planes) {
    int repeat = repeat(file);
    int w = ceilDiv(window.width(), repeat);
    int h = ceilDiv(window.rows(), repeat);
    int pixel = file.type().bytes();
    int pixelStride = file.interleaved() ? pixel * bands.size() : pixel;
    long lineStride = (long) w * pixelStride;
    long bandStride = file.interleaved() ? pixel : lineStride * h;
    for (int i = 0; i < bands.size(); i++) {
      planes[bands.get(i)] =
          new BandPlane(file.type(), start + i * bandStride, w, h, pixelStride, lineStride, repeat);
    }
    long end = start + lineStride * h * (file.interleaved() ? 1 : bands.size());
    return (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private List<TileRead> reads(
      CogFile file,
      List<Integer> bands,
      StripWindow window,
      BandPlane[] planes,
      HostBuffer pixels) {
    BandPlane first = planes[bands.get(0)];
    int[] numbers = bands.stream().mapToInt(i -> sources.get(i).index()).toArray();
    long bandStride = bands.size() == 1 ? 0 : planes[bands.get(1)].offset() - first.offset();
    int repeat = first.repeat();
    List<TileRead> reads = new ArrayList<>();
    for (StripWindow.Span span : window.joined(file.tileWidth() * repeat)) {
      int x = span.begin() / repeat;
      int width = ceilDiv(span.end(), repeat) - x;
      reads.add(
          new TileRead(
              file,
              numbers,
              new TiledTiff.Window(x, window.firstRow() / repeat, width, first.height()),
              pixels,
              new CogFile.BandLayout(
                  first.byteOf(x, 0), first.pixelStride(), first.lineStride(), bandStride)));
    }
    return reads;
  }

  private static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }

  @Override
  public void close() {
    crs.close();
  }
}
