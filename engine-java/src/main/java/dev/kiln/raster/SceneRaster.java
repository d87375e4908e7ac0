package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.Strip;
import dev.kiln.type.PixelType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The bands of one scene on a common grid, which is that of the finest band: those of whole files,
 * or of a mosaic of files. The files are borrowed. Not thread-safe.
 */
public abstract sealed class SceneRaster implements AutoCloseable permits FileRaster, MosaicRaster {
  /** Edge of the square that tells the size of a pixel on the ground. */
  private static final int GROUND_PIXELS = 16;

  private final Crs crs;

  /**
   * Creates a raster.
   *
   * @param crs transformation to WGS84, owned; null for a part of another raster
   */
  SceneRaster(Crs crs) {
    this.crs = crs;
  }

  /**
   * A band of the platform and its file.
   *
   * @param band band name, for messages
   * @param file file that contains the band
   * @param index band number in the file, from 1
   */
  public record Source(String band, CogFile file, int index) {}

  /**
   * Combines the bands of a scene.
   *
   * @param sources one per band, in the platform's order
   * @return the raster, owned by the caller
   * @throws SceneException permanent if the files do not fit together
   */
  public static SceneRaster of(List<Source> sources) throws SceneException {
    return FileRaster.combine(sources);
  }

  /**
   * Puts a scene together from parts of files.
   *
   * @param parts in the order in which they cover each other
   * @param grid of the scene
   * @return the raster, owned by the caller
   * @throws SceneException permanent if the files do not fit together
   */
  public static SceneRaster mosaic(List<PlacedFile> parts, MosaicGrid grid) throws SceneException {
    return MosaicRaster.of(parts, grid);
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
    return FileRaster.mask(mask, refinement);
  }

  /** Returns the width of the grid in pixels. */
  public abstract int width();

  /** Returns the height of the grid in pixels. */
  public abstract int height();

  /** Returns the key of the finest band's object, or of the mosaic, for messages. */
  public abstract String objectKey();

  /** Returns the pixel type of the finest band. */
  abstract PixelType type();

  /** Returns the area that the scene covers. */
  public abstract GeoExtent extent();

  /** Returns the easting, {@code x} grid pixels from the left edge. */
  abstract double easting(double x);

  /** Returns the northing, {@code y} grid pixels from the upper edge. */
  abstract double northing(double y);

  /**
   * Returns how the grid is cut into strips.
   *
   * @param maxBytes limit on the bytes of a strip
   */
  public abstract StripStep cut(long maxBytes);

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
      double left = easting(x[i]);
      double right = easting((double) x[i] + edge);
      double upper = northing(y[i]);
      double lower = northing((double) y[i] + edge);
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
    int edge = groundEdge();
    return centre()
        .map(corners -> OptionalDouble.of(GroundDistance.side(corners[0], corners[1]) / edge))
        .orElse(OptionalDouble.empty());
  }

  /**
   * Returns how many times as wide as high pixels are on the ground, at the centre of the scene: 1
   * in most projections, less in cylindrical ones far from the equator.
   *
   * @return empty if the centre is not on the Earth
   */
  public OptionalDouble groundAspect() {
    return centre()
        .map(corners -> OptionalDouble.of(GroundDistance.aspect(corners[0], corners[1])))
        .orElse(OptionalDouble.empty());
  }

  private Optional<double[][]> centre() {
    int edge = groundEdge();
    return corners((width() - edge) / 2, (height() - edge) / 2, edge);
  }

  private int groundEdge() {
    return Math.min(GROUND_PIXELS, Math.min(width(), height()));
  }

  /**
   * Reads the raw pixels of a strip, pixel-interleaved where the file is, planar otherwise. Outside
   * the window's spans, and outside the image, the planes are undefined.
   *
   * @param memory pool that the strip's memory is taken from
   * @return the strip, owned by the caller
   * @throws SceneException permanent if a tile cannot be decoded
   */
  public abstract Strip read(StripWindow window, BufferPool memory) throws SceneException;

  /**
   * Reads which pixels of a strip the files exclude by a mask, an alpha band, unwritten tiles or
   * the edge of the image.
   *
   * @param memory pool that the memory is taken from
   * @return the validity, owned by the caller
   * @throws SceneException permanent if a tile cannot be decoded
   */
  public abstract FileValidity validity(StripWindow window, BufferPool memory)
      throws SceneException;

  @Override
  public void close() {
    if (crs != null) {
      crs.close();
    }
  }
}
