package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A scene that is put together from parts of files side by side, all at one resolution. Each file
 * is read like a scene of its own, and its pixels are copied to their place; later parts cover
 * earlier ones. Pixels that no part covers have no data.
 */
final class MosaicRaster extends SceneRaster {
  private final List<Part> parts;
  private final MosaicGrid grid;
  private final FileRaster first;

  /** Validity that was found together with the pixels of the last strip; owned. */
  private FileValidity pending;

  private StripWindow pendingWindow;

  private MosaicRaster(List<Part> parts, MosaicGrid grid, Crs crs) {
    super(crs);
    this.parts = List.copyOf(parts);
    this.grid = grid;
    this.first = parts.get(0).raster();
  }

  /** A part whose bands are combined. */
  private record Part(FileRaster raster, PlacedFile at) {}

  /** Puts a mosaic together, as {@link SceneRaster#mosaic} does. */
  static MosaicRaster of(List<PlacedFile> places, MosaicGrid grid) throws SceneException {
    CogFile first = places.get(0).file();
    String crs = first.extent().crs();
    List<Part> parts = new ArrayList<>();
    for (PlacedFile place : places) {
      parts.add(new Part(FileRaster.part(place.sources()), place));
      requireFits(place, first);
      GeoExtent expected = grid.extentOf(place, crs);
      if (!expected.isSameAs(place.file().extent())) {
        throw SceneException.permanent(
            place.file().objectKey(),
            "has another extent or CRS than %s states: %s"
                .formatted(grid.name(), expected.difference(place.file().extent())));
      }
    }
    return new MosaicRaster(parts, grid, first.toLonLat());
  }

  private static void requireFits(PlacedFile part, CogFile first) throws SceneException {
    CogFile file = part.file();
    if (file.type() != first.type()) {
      throw SceneException.permanent(
          file.objectKey(),
          "expected pixels of type %s as in %s, found %s"
              .formatted(first.type(), first.objectKey(), file.type()));
    }
    if (file.orientation().isPresent()) {
      throw SceneException.permanent(
          file.objectKey(),
          "expected a north-up file in a mosaic, found one that is " + file.orientation().get());
    }
    if ((long) part.x() + part.width() > file.width()
        || (long) part.y() + part.height() > file.height()) {
      throw SceneException.permanent(
          file.objectKey(),
          "expected a file of at least %d × %d px, found %d × %d px"
              .formatted(
                  part.x() + part.width(), part.y() + part.height(), file.width(), file.height()));
    }
  }

  @Override
  public int width() {
    return grid.width();
  }

  @Override
  public int height() {
    return grid.height();
  }

  @Override
  public String objectKey() {
    return grid.name();
  }

  @Override
  PixelType type() {
    return first.type();
  }

  @Override
  public GeoExtent extent() {
    return grid.extent(first.extent().crs());
  }

  @Override
  double easting(double x) {
    return grid.easting(x);
  }

  @Override
  double northing(double y) {
    return grid.northing(y);
  }

  @Override
  public StripStep cut(long maxBytes) {
    return StripStep.of(
        width(),
        List.of(
            new StripStep.Tiles(
                width(),
                parts.stream().mapToInt(part -> part.raster().file().tileWidth()).max().orElse(1),
                parts.stream().mapToInt(part -> part.raster().file().tileHeight()).max().orElse(1),
                first.bands() * type().bytes())),
        maxBytes);
  }

  @Override
  public Strip read(StripWindow window, BufferPool memory) throws SceneException {
    forget();
    Canvas canvas = new Canvas(window, memory);
    try {
      for (Part part : parts) {
        Optional<StripWindow> inside =
            window.inside(
                part.at().left(),
                part.at().top(),
                part.at().width(),
                part.at().height(),
                part.at().x(),
                part.at().y());
        if (inside.isPresent()) {
          try (Strip strip = part.raster().read(inside.get(), memory);
              FileValidity validity = part.raster().validity(inside.get(), memory)) {
            canvas.cover(part.at(), inside.get(), strip, validity);
          }
        }
      }
      pending = canvas.validity();
      pendingWindow = window;
      return canvas.strip();
    } catch (RuntimeException | Error e) {
      canvas.close();
      throw e;
    }
  }

  @Override
  public FileValidity validity(StripWindow window, BufferPool memory) throws SceneException {
    if (pending == null || !window.equals(pendingWindow)) {
      read(window, memory).close();
    }
    FileValidity found = pending;
    pending = null;
    return found;
  }

  private void forget() {
    if (pending != null) {
      pending.close();
      pending = null;
    }
  }

  @Override
  public void close() {
    forget();
    parts.forEach(part -> part.raster().close());
    super.close();
  }

  /** A strip of the mosaic that parts are copied to, with the validity of its pixels. */
  private final class Canvas {
    private final StripWindow window;
    private final Strip strip;
    private final List<FileValidity.Plane> planes = new ArrayList<>();

    Canvas(StripWindow window, BufferPool memory) {
      this.window = window;
      int bands = first.bands();
      int pixel = type().bytes();
      long line = (long) window.width() * pixel;
      List<BandPlane> places = new ArrayList<>();
      for (int b = 0; b < bands; b++) {
        places.add(
            new BandPlane(
                type(), b * line * window.rows(), window.width(), window.rows(), pixel, line, 1));
      }
      HostBuffer pixels = memory.take("strip of " + grid.name(), bands * line * window.rows());
      this.strip = new Strip(pixels, places, window.firstRow(), window.rows());
      try {
        for (int b = 0; b < bands; b++) {
          HostBuffer bytes =
              memory.take("validity of " + grid.name(), (long) window.width() * window.rows());
          planes.add(new FileValidity.Plane(bytes, window.width(), 1));
          clear(b);
        }
      } catch (RuntimeException | Error e) {
        close();
        throw e;
      }
    }

    /** Fills a band with what no part covers. */
    private void clear(int band) {
      OptionalDouble nodata = grid.background().get(band);
      boolean stored = nodata.isPresent() && UnwrittenTiles.stores(type(), nodata.getAsDouble());
      FileValidity.Plane plane = planes.get(band);
      plane.fill(stored ? FileValidity.OMITTED : FileValidity.MISSING);
      ByteBuffer view = plane.view();
      ByteBuffer raw = strip.raw();
      BandPlane target = strip.bands().get(band);
      double value = stored ? nodata.getAsDouble() : 0;
      int rows = Math.min(window.rows(), height() - window.firstRow());
      int columns = Math.min(window.width(), width() - window.firstColumn());
      for (int y = 0; y < window.rows(); y++) {
        int at = Math.toIntExact(target.byteOf(0, y));
        for (int x = 0; x < window.width(); x++, at += target.pixelStride()) {
          put(raw, at, value);
          if (y >= rows || x >= columns) {
            view.put(y * window.width() + x, FileValidity.MISSING);
          }
        }
      }
    }

    /** Copies the pixels of a part. */
    void cover(PlacedFile part, StripWindow inside, Strip from, FileValidity validity) {
      int down = inside.firstRow() - part.y() + part.top() - window.firstRow();
      int right = inside.firstColumn() - part.x() + part.left() - window.firstColumn();
      ByteBuffer source = from.raw();
      ByteBuffer target = strip.raw();
      for (int b = 0; b < planes.size(); b++) {
        BandPlane plane = from.bands().get(b);
        BandPlane place = strip.bands().get(b);
        ByteBuffer marks = planes.get(b).view();
        FileValidity.Plane known = validity.plane(b).orElse(null);
        ByteBuffer view = known == null ? null : known.view();
        for (StripWindow.Span span : inside.spans()) {
          for (int y = 0; y < inside.rows(); y++) {
            int at = Math.toIntExact(plane.byteOf(span.begin(), y));
            int to = Math.toIntExact(place.byteOf(span.begin() + right, y + down));
            int mark = (y + down) * window.width() + span.begin() + right;
            for (int x = span.begin(); x < span.end(); x++) {
              byte valid = view == null ? FileValidity.VALID : known.at(view, x, y);
              boolean covers =
                  !(part.masked() && valid != FileValidity.VALID)
                      && (part.nodata().isEmpty()
                          || !isSame(plane.value(source, x, y), part.nodata().getAsDouble()));
              if (covers) {
                copy(source, at, target, to);
                marks.put(mark, valid);
              }
              at += plane.pixelStride();
              to += place.pixelStride();
              mark++;
            }
          }
        }
      }
    }

    private void copy(ByteBuffer source, int at, ByteBuffer target, int to) {
      switch (type()) {
        case UINT8 -> target.put(to, source.get(at));
        case UINT16, INT16 -> target.putShort(to, source.getShort(at));
        case FLOAT32 -> target.putInt(to, source.getInt(at));
      }
    }

    private void put(ByteBuffer raw, int at, double value) {
      switch (type()) {
        case UINT8 -> raw.put(at, (byte) (int) value);
        case UINT16, INT16 -> raw.putShort(at, (short) (int) value);
        case FLOAT32 -> raw.putFloat(at, (float) value);
      }
    }

    private static boolean isSame(float value, double nodata) {
      return Double.isNaN(nodata) ? Float.isNaN(value) : value == (float) nodata;
    }

    Strip strip() {
      return strip;
    }

    /** Returns the validity; bands all of whose wanted pixels are valid have none. */
    FileValidity validity() {
      List<Optional<FileValidity.Plane>> found = new ArrayList<>();
      for (FileValidity.Plane plane : planes) {
        if (isValid(plane)) {
          plane.bytes().close();
          found.add(Optional.empty());
        } else {
          found.add(Optional.of(plane));
        }
      }
      return new FileValidity(found);
    }

    private boolean isValid(FileValidity.Plane plane) {
      ByteBuffer view = plane.view();
      for (StripWindow.Span span : window.spans()) {
        for (int y = 0; y < window.rows(); y++) {
          for (int x = span.begin(); x < span.end(); x++) {
            if (plane.at(view, x, y) != FileValidity.VALID) {
              return false;
            }
          }
        }
      }
      return true;
    }

    void close() {
      strip.close();
      planes.forEach(plane -> plane.bytes().close());
    }
  }
}
