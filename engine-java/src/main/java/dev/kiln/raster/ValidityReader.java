package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.HostBuffer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads which pixels of a scene have no data by the structure of its files: a mask, an alpha band,
 * tiles that were never written, and the edge of the image, over which chips can extend.
 */
final class ValidityReader {
  private final List<SceneRaster.Source> sources;
  private final int gridWidth;
  private final BufferPool memory;
  private final List<FileValidity.Plane> created = new ArrayList<>();

  /**
   * Creates a reader.
   *
   * @param sources bands of the scene, borrowed
   * @param gridWidth width of the scene's grid
   * @param memory pool that the memory is taken from
   */
  ValidityReader(List<SceneRaster.Source> sources, int gridWidth, BufferPool memory) {
    this.sources = sources;
    this.gridWidth = gridWidth;
    this.memory = memory;
  }

  /** Part of a file that a window of the grid covers; its tiles within the spans can be read. */
  private record Part(
      CogFile file, int repeat, int left, int top, int w, int h, List<StripWindow.Span> spans) {
    static Part of(CogFile file, StripWindow window, int repeat) {
      int left = window.firstColumn() / repeat;
      int inside = file.width() - left;
      return new Part(
          file,
          repeat,
          left,
          window.firstRow() / repeat,
          ceilDiv(window.width(), repeat),
          ceilDiv(window.rows(), repeat),
          window.joined(file.tileWidth() * repeat).stream()
              .map(
                  span ->
                      new StripWindow.Span(
                          span.begin() / repeat, Math.min(inside, ceilDiv(span.end(), repeat))))
              .toList());
    }

    /** Returns the rows that are within the image. */
    int rows() {
      return Math.min(h, file.height() - top);
    }

    /** Returns the columns that are within the image. */
    int columns() {
      return Math.min(w, file.width() - left);
    }

    boolean isOverTheEdge() {
      return columns() < w || rows() < h;
    }

    boolean hasUnwrittenTiles(int band) {
      return spans.stream()
          .anyMatch(span -> UnwrittenTiles.isIn(file, band, span.shifted(left), top, rows()));
    }

    void markUnwritten(int band, FileValidity.Plane plane) {
      for (StripWindow.Span span : spans) {
        UnwrittenTiles.mark(file, band, span, left, top, rows(), plane);
      }
    }

    private static int ceilDiv(int a, int b) {
      return (a + b - 1) / b;
    }
  }

  /**
   * Reads the validity of a window.
   *
   * @return owned by the caller
   * @throws SceneException permanent if a tile cannot be decoded
   */
  FileValidity read(StripWindow window) throws SceneException {
    created.clear();
    Map<CogFile, Optional<FileValidity.Plane>> shared = new IdentityHashMap<>();
    List<Optional<FileValidity.Plane>> planes = new ArrayList<>();
    try {
      for (SceneRaster.Source source : sources) {
        Part part = Part.of(source.file(), window, gridWidth / source.file().width());
        if (!shared.containsKey(source.file())) {
          shared.put(source.file(), ofFile(part, source.index()));
        }
        planes.add(ofBand(part, source.index(), shared.get(source.file())));
      }
    } catch (RuntimeException | Error e) {
      created.forEach(plane -> plane.bytes().close());
      throw e;
    }
    for (FileValidity.Plane plane : created) {
      if (planes.stream().noneMatch(used -> used.isPresent() && used.get() == plane)) {
        plane.bytes().close();
      }
    }
    return new FileValidity(planes);
  }

  /**
   * Returns what all bands of a file share: its mask, its edge, and, if they are in the same tiles,
   * unwritten tiles. Empty if every pixel is valid.
   */
  private Optional<FileValidity.Plane> ofFile(Part part, int band) throws SceneException {
    CogFile file = part.file();
    Set<Integer> used = new HashSet<>();
    sources.stream().filter(s -> s.file() == file).forEach(s -> used.add(s.index()));
    Optional<ValidityBand> mask = ValidityBand.of(file, used);
    boolean unwritten = file.interleaved() && part.hasUnwrittenTiles(band);
    if (mask.isEmpty() && !unwritten && !part.isOverTheEdge()) {
      return Optional.empty();
    }
    FileValidity.Plane plane = plane(part);
    plane.fill(FileValidity.VALID);
    if (mask.isPresent()) {
      for (StripWindow.Span span : part.spans()) {
        mask.get().read(span, part.left(), part.top(), part.rows(), plane);
      }
    }
    if (unwritten) {
      part.markUnwritten(band, plane);
    }
    markOutside(part, plane);
    return Optional.of(plane);
  }

  /** Returns the validity of a band, which is that of its file unless its own tiles are missing. */
  private Optional<FileValidity.Plane> ofBand(
      Part part, int band, Optional<FileValidity.Plane> ofFile) {
    if (part.file().interleaved() || !part.hasUnwrittenTiles(band)) {
      return ofFile;
    }
    FileValidity.Plane plane = plane(part);
    if (ofFile.isPresent()) {
      plane.view().put(0, ofFile.get().view(), 0, ofFile.get().view().capacity());
    } else {
      plane.fill(FileValidity.VALID);
    }
    part.markUnwritten(band, plane);
    return Optional.of(plane);
  }

  private FileValidity.Plane plane(Part part) {
    HostBuffer bytes =
        memory.take("validity of " + part.file().objectKey(), (long) part.w() * part.h());
    FileValidity.Plane plane = new FileValidity.Plane(bytes, part.w(), part.repeat());
    created.add(plane);
    return plane;
  }

  private static void markOutside(Part part, FileValidity.Plane plane) {
    ByteBuffer view = plane.view();
    for (int y = 0; y < part.h(); y++) {
      for (int x = y < part.rows() ? part.columns() : 0; x < part.w(); x++) {
        view.put(y * part.w() + x, FileValidity.MISSING);
      }
    }
  }
}
