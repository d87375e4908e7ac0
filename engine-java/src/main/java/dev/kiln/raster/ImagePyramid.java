package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.CPLErrorReset;
import static dev.kiln.gdal.global.gdal.GDALGetOverview;
import static dev.kiln.gdal.global.gdal.GDALGetOverviewCount;
import static dev.kiln.gdal.global.gdal.GDALGetRasterBand;
import static dev.kiln.gdal.global.gdal.GDALGetRasterBandXSize;
import static dev.kiln.gdal.global.gdal.GDALGetRasterBandYSize;
import static dev.kiln.gdal.global.gdal.GDALRasterIOEx;
import static dev.kiln.gdal.global.gdal.GDT_Float32;
import static dev.kiln.gdal.global.gdal.GF_Read;

import dev.kiln.error.SceneException;
import dev.kiln.gdal.GDALRasterBandH;
import dev.kiln.memory.ByteRange;
import dev.kiln.memory.HostBuffer;
import dev.kiln.tiles.TiledTiff;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A GeoTIFF with its overviews, for pictures: any part of it at about any scale. Level 0 is the
 * full resolution. The bytes of the file are borrowed; those of the pixels need to be there only
 * when they are read. Not thread-safe.
 */
public final class ImagePyramid implements AutoCloseable {
  private final CogFile file;
  private final Crs crs;
  private final List<CogLayout> levels;

  private ImagePyramid(CogFile file, Crs crs, List<CogLayout> levels) {
    this.file = file;
    this.crs = crs;
    this.levels = levels;
  }

  /**
   * Opens a file.
   *
   * @param key object key, for messages
   * @param buffer the whole object, borrowed
   * @param bytes puts bytes of the object into the buffer
   * @return the open file, owned by the caller
   * @throws SceneException if the object is not a GeoTIFF that Kiln supports
   */
  public static ImagePyramid open(String key, HostBuffer buffer, FileBytes bytes)
      throws SceneException, InterruptedException {
    List<CogLayout> levels = CogLayout.readLevels(key, buffer.size(), bytes);
    CogFile file = CogFile.open(key, buffer, 1);
    try {
      return new ImagePyramid(file, file.toLonLat(), levels);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /** Returns the width of level 0 in pixels. */
  public int width() {
    return file.width();
  }

  /** Returns the height of level 0 in pixels. */
  public int height() {
    return file.height();
  }

  /** Returns the number of bands. */
  public int bands() {
    return file.bands();
  }

  /**
   * Returns the coarsest level that is at least as fine as wanted.
   *
   * @param pixels of level 0 per wanted pixel in each direction
   */
  public int level(double pixels) {
    int best = 0;
    for (int i = 1; i < levels.size(); i++) {
      double reduction = (double) width() / levels.get(i).width();
      if (reduction <= pixels * 1.05 && levels.get(i).width() < levels.get(best).width()) {
        best = i;
      }
    }
    return best;
  }

  /** Returns the pixels of level 0 per pixel of a level, across. */
  public double reduction(int level) {
    return (double) width() / levels.get(level).width();
  }

  /** Returns the part of a window that is inside a level; its size is 0 if there is none. */
  public TiledTiff.Window inside(int level, TiledTiff.Window window) {
    CogLayout layout = levels.get(level);
    int left = Math.max(0, window.x());
    int top = Math.max(0, window.y());
    int right = Math.min(layout.width(), window.x() + window.width());
    int bottom = Math.min(layout.height(), window.y() + window.height());
    return new TiledTiff.Window(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
  }

  /**
   * Returns where the pixels of a window are in the object.
   *
   * @param window inside the level
   * @param bands band numbers, from 1
   */
  public List<ByteRange> ranges(int level, TiledTiff.Window window, int... bands) {
    CogLayout layout = levels.get(level);
    TiledTiff.Window stored = stored(layout, window);
    List<ByteRange> ranges = new ArrayList<>();
    int lastRow = (stored.y() + stored.height() - 1) / layout.tileHeight();
    int lastColumn = (stored.x() + stored.width() - 1) / layout.tileWidth();
    for (int band : layout.interleaved() ? new int[] {1} : bands) {
      for (int row = stored.y() / layout.tileHeight(); row <= lastRow; row++) {
        for (int column = stored.x() / layout.tileWidth(); column <= lastColumn; column++) {
          ByteRange range = layout.tile(column, row, band);
          if (range.length() > 0) {
            ranges.add(range);
          }
        }
      }
    }
    return ranges;
  }

  /** Converts a window of the north-up image to the one that is stored. */
  private TiledTiff.Window stored(CogLayout layout, TiledTiff.Window window) {
    return new TiledTiff.Window(
        flippedX() ? layout.width() - window.x() - window.width() : window.x(),
        flippedY() ? layout.height() - window.y() - window.height() : window.y(),
        window.width(),
        window.height());
  }

  private boolean flippedX() {
    return levels.get(0).flippedX();
  }

  private boolean flippedY() {
    return levels.get(0).flippedY();
  }

  /**
   * Reads a window of one band. Pixels without data are NaN.
   *
   * @param window inside the level
   * @param band band number, from 1
   * @return {@code [height, width]}, row-major, north up
   * @throws SceneException permanent if a tile cannot be decoded
   */
  public float[] read(int level, TiledTiff.Window window, int band) throws SceneException {
    CogLayout layout = levels.get(level);
    TiledTiff.Window stored = stored(layout, window);
    int w = window.width();
    int h = window.height();
    float[] pixels = new float[Math.multiplyExact(w, h)];
    try (FloatPointer buffer = new FloatPointer(pixels.length)) {
      CPLErrorReset();
      int result =
          GDALRasterIOEx(
              band(layout, band),
              GF_Read,
              stored.x(),
              stored.y(),
              w,
              h,
              buffer,
              w,
              h,
              GDT_Float32,
              Float.BYTES,
              (long) Float.BYTES * w,
              null);
      if (result != CE_None) {
        throw SceneException.permanent(
            file.objectKey(), "cannot decode a picture: " + GdalFile.lastError());
      }
      buffer.get(pixels);
    }
    OptionalDouble nodata = file.nodata(band);
    float none = (float) nodata.orElse(Double.NaN);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = pixels[i] == none ? Float.NaN : pixels[i];
    }
    return northUp(pixels, w, h);
  }

  private GDALRasterBandH band(CogLayout layout, int number) throws SceneException {
    GDALRasterBandH band = GDALGetRasterBand(file.dataset(), number);
    if (layout == levels.get(0)) {
      return band;
    }
    for (int i = 0; i < GDALGetOverviewCount(band); i++) {
      GDALRasterBandH overview = GDALGetOverview(band, i);
      if (GDALGetRasterBandXSize(overview) == layout.width()
          && GDALGetRasterBandYSize(overview) == layout.height()) {
        return overview;
      }
    }
    throw SceneException.permanent(
        file.objectKey(),
        "expected an overview of %d × %d px, found none"
            .formatted(layout.width(), layout.height()));
  }

  private float[] northUp(float[] pixels, int w, int h) {
    if (!flippedX() && !flippedY()) {
      return pixels;
    }
    float[] turned = new float[pixels.length];
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        int from = (flippedY() ? h - 1 - y : y) * w + (flippedX() ? w - 1 - x : x);
        turned[y * w + x] = pixels[from];
      }
    }
    return turned;
  }

  /**
   * Converts places to pixels of level 0, in place.
   *
   * @param x longitudes in degrees; columns on return
   * @param y latitudes in degrees; rows on return
   * @return whether all places can be converted
   */
  public boolean toPixels(double[] x, double[] y) {
    if (!crs.fromLonLat(x, y)) {
      return false;
    }
    double left = file.easting(0);
    double top = file.northing(0);
    double across = file.easting(1) - left;
    double down = file.northing(1) - top;
    for (int i = 0; i < x.length; i++) {
      x[i] = (x[i] - left) / across;
      y[i] = (y[i] - top) / down;
    }
    return true;
  }

  /** Closes the file. Idempotent. */
  @Override
  public void close() {
    crs.close();
    file.close();
  }
}
