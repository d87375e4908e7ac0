package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.tiles.TiledTiff;
import dev.kiln.type.PixelType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The bands of one scene on a common grid, which is that of the finest band. A coarser band keeps
 * its own resolution and must divide the grid evenly. The files are borrowed. Not thread-safe.
 */
public final class SceneRaster implements AutoCloseable {
  private static final int ALIGNMENT = 64;

  /**
   * A band of the platform and its file.
   *
   * @param band band name, for messages
   * @param file file that contains the band
   * @param index band number in the file, from 1
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
   * Combines the bands of a scene.
   *
   * @param sources one per band, in the platform's order
   * @return the raster, owned by the caller
   * @throws SceneException permanent if the files do not fit together
   */
  public static SceneRaster of(List<Source> sources) throws SceneException {
    CogFile finest = sources.get(0).file();
    for (Source source : sources) {
      if (source.file().width() > finest.width()) {
        finest = source.file();
      }
    }
    for (int i = 0; i < sources.size(); i++) {
      fits(sources.get(i), finest, false);
      requireDistinct(sources.get(i), sources.subList(0, i));
    }
    return new SceneRaster(sources, finest, 1);
  }

  /**
   * Puts the mask of a scene on the scene's grid.
   *
   * @param mask classification band
   * @param refinement grid pixels per mask pixel in each direction
   * @return the raster, owned by the caller
   * @throws SceneException permanent if the file does not contain the band
   */
  public static SceneRaster ofMask(Source mask, int refinement) throws SceneException {
    fits(mask, mask.file(), true);
    return new SceneRaster(List.of(mask), mask.file(), refinement);
  }

  private static void requireDistinct(Source source, List<Source> before) throws SceneException {
    for (Source other : before) {
      if (other.file() == source.file() && other.index() == source.index()) {
        throw SceneException.permanent(
            source.file().objectKey(),
            "bands %s and %s: expected two bands of the file, found band %d for both"
                .formatted(other.band(), source.band(), source.index()));
      }
    }
  }

  private static void fits(Source source, CogFile grid, boolean classes) throws SceneException {
    CogFile file = source.file();
    String band = "band " + source.band() + " (" + file.objectKey() + ")";
    file.requireSupported(classes);
    if (source.index() > file.bands()) {
      throw SceneException.permanent(
          file.objectKey(),
          "band %s: expected at least %d bands, found %d"
              .formatted(source.band(), source.index(), file.bands()));
    }
    int repeat = grid.width() / file.width();
    if (file.width() * repeat != grid.width() || file.height() * repeat != grid.height()) {
      throw SceneException.permanent(
          file.objectKey(),
          "%s: expected a size that divides the grid of %4$d × %5$d px (%6$s), found %2$d × %3$d px"
              .formatted(
                  band,
                  file.width(),
                  file.height(),
                  grid.width(),
                  grid.height(),
                  grid.objectKey()));
    }
    if (!file.extent().isSameAs(grid.extent())) {
      throw SceneException.permanent(
          file.objectKey(),
          "%s: expected the extent and CRS of %s: %s"
              .formatted(band, grid.objectKey(), grid.extent().difference(file.extent())));
    }
  }

  /** Returns the width of the grid in pixels. */
  public int width() {
    return finest.width() * refinement;
  }

  /** Returns the height of the grid in pixels. */
  public int height() {
    return finest.height() * refinement;
  }

  /** Returns the key of the finest band's object, for messages. */
  public String objectKey() {
    return finest.objectKey();
  }

  /** Returns the pixel type of the finest band. */
  PixelType type() {
    return finest.type();
  }

  /** Returns the area that the scene covers. */
  public GeoExtent extent() {
    return finest.extent();
  }

  /**
   * Returns how the grid is cut into strips.
   *
   * @param maxBytes limit on the bytes of a strip
   */
  public StripStep cut(long maxBytes) {
    Map<CogFile, Integer> bandsOfFile = new LinkedHashMap<>();
    sources.forEach(source -> bandsOfFile.merge(source.file(), 1, Integer::sum));
    return StripStep.of(
        width(),
        bandsOfFile.entrySet().stream()
            .map(
                e ->
                    new StripStep.Tiles(
                        e.getKey().width(),
                        e.getKey().tileWidth(),
                        e.getKey().tileHeight(),
                        e.getValue() * e.getKey().type().bytes()))
            .toList(),
        maxBytes);
  }

  /** Returns the grid pixels that a pixel of the file covers in each direction. */
  private int repeat(CogFile file) {
    return width() / file.width();
  }

  /**
   * Returns the corners of a square of the grid, counter-clockwise from the upper right.
   *
   * @param x left edge, in grid pixels
   * @param y upper edge, in grid pixels
   * @param edge side of the square, in grid pixels
   * @return four longitudes and four latitudes in degrees; empty if a corner is not on the Earth,
   *     as at the edge of a world map
   */
  public Optional<double[][]> corners(int x, int y, int edge) {
    return corners(new int[] {x}, new int[] {y}, edge).get(0);
  }

  /**
   * Returns the corners of several squares of the grid, transformed together.
   *
   * @param x left edges, in grid pixels
   * @param y upper edges, in grid pixels
   * @param edge side of the squares, in grid pixels
   * @return per square, as {@link #corners(int, int, int)}
   */
  public List<Optional<double[][]>> corners(int[] x, int[] y, int edge) {
    double[] lon = new double[4 * x.length];
    double[] lat = new double[4 * x.length];
    for (int i = 0; i < x.length; i++) {
      double left = finest.easting((double) x[i] / refinement);
      double right = finest.easting(((double) x[i] + edge) / refinement);
      double upper = finest.northing((double) y[i] / refinement);
      double lower = finest.northing(((double) y[i] + edge) / refinement);
      System.arraycopy(new double[] {right, left, left, right}, 0, lon, 4 * i, 4);
      System.arraycopy(new double[] {upper, upper, lower, lower}, 0, lat, 4 * i, 4);
    }
    boolean[] found = crs.toLonLatEach(lon, lat);
    List<Optional<double[][]>> corners = new ArrayList<>(x.length);
    for (int i = 0; i < found.length; i += 4) {
      corners.add(
          found[i] && found[i + 1] && found[i + 2] && found[i + 3]
              ? Optional.of(
                  new double[][] {
                    Arrays.copyOfRange(lon, i, i + 4), Arrays.copyOfRange(lat, i, i + 4)
                  })
              : Optional.empty());
    }
    return corners;
  }

  /**
   * Returns the side of a square on the ground that has the area of a pixel, in metres, at the
   * centre of the scene. It differs from the pixel size where the projection does not preserve
   * areas: in web Mercator by the cosine of the latitude.
   *
   * @return empty if the centre is not on the Earth
   */
  public OptionalDouble groundPixel() {
    int edge = Math.min(16 * refinement, Math.min(width(), height()));
    return corners((width() - edge) / 2, (height() - edge) / 2, edge)
        .map(corners -> OptionalDouble.of(GroundDistance.side(corners[0], corners[1]) / edge))
        .orElse(OptionalDouble.empty());
  }

  /**
   * Reads the raw pixels of a strip, pixel-interleaved where the file is, planar otherwise. Outside
   * the window's spans, and outside the image, the planes are undefined.
   *
   * @param memory pool that the strip's memory is taken from
   * @return the strip, owned by the caller
   * @throws SceneException permanent if a tile cannot be decoded
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
    HostBuffer pixels = memory.take("strip of " + finest.objectKey(), bytes);
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

  /** Assigns planes of one file from byte {@code start} on; returns the byte after them. */
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
    int y = window.firstRow() / repeat;
    int height = Math.min(first.height(), file.height() - y);
    List<TileRead> reads = new ArrayList<>();
    for (StripWindow.Span span : window.joined(file.tileWidth() * repeat)) {
      int left = span.begin() / repeat;
      int x = window.firstColumn() / repeat + left;
      int width = Math.min(ceilDiv(span.end(), repeat) - left, file.width() - x);
      reads.add(
          new TileRead(
              file,
              numbers,
              new TiledTiff.Window(x, y, width, height),
              pixels,
              new CogFile.BandLayout(
                  first.byteOf(left, 0), first.pixelStride(), first.lineStride(), bandStride)));
    }
    return reads;
  }

  /**
   * Reads which pixels of a strip the files exclude by a mask, an alpha band, unwritten tiles or
   * the edge of the image.
   *
   * @param memory pool that the memory is taken from
   * @return the validity, owned by the caller
   * @throws SceneException permanent if a tile cannot be decoded
   */
  public FileValidity validity(StripWindow window, BufferPool memory) throws SceneException {
    return new ValidityReader(sources, width(), memory).read(window);
  }

  private static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }

  @Override
  public void close() {
    crs.close();
  }
}
