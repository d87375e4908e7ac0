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
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A scene whose bands are whole files, on the grid of the finest band. A coarser band keeps its own
 * resolution and must divide the grid evenly. The files are borrowed.
 */
final class FileRaster extends SceneRaster {
  private static final int ALIGNMENT = 64;

  private final List<Source> sources;
  private final CogFile finest;
  private final int refinement;

  private FileRaster(List<Source> sources, CogFile finest, int refinement, Crs crs) {
    super(crs);
    this.sources = List.copyOf(sources);
    this.finest = finest;
    this.refinement = refinement;
  }

  /** Combines the bands of a scene, as {@link SceneRaster#of} does. */
  static FileRaster combine(List<Source> sources) throws SceneException {
    CogFile finest = finest(sources);
    return new FileRaster(sources, finest, 1, finest.toLonLat());
  }

  /** Combines the bands of a part of a mosaic, which has no place on the ground of its own. */
  static FileRaster part(List<Source> sources) throws SceneException {
    return new FileRaster(sources, finest(sources), 1, null);
  }

  private static CogFile finest(List<Source> sources) throws SceneException {
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
    for (Source source : sources) {
      CogFile file = source.file();
      Set<Integer> used =
          sources.stream()
              .filter(other -> other.file() == file)
              .map(Source::index)
              .collect(Collectors.toSet());
      SupportedFile.requireOwnAlpha(file, used);
    }
    return finest;
  }

  /** Puts the mask of a scene on the scene's grid, as {@link SceneRaster#ofMask} does. */
  static FileRaster mask(Source mask, int refinement) throws SceneException {
    fits(mask, mask.file(), true);
    return new FileRaster(List.of(mask), mask.file(), refinement, mask.file().toLonLat());
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
    SupportedFile.require(file, classes);
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

  @Override
  public int width() {
    return finest.width() * refinement;
  }

  @Override
  public int height() {
    return finest.height() * refinement;
  }

  @Override
  public String objectKey() {
    return finest.objectKey();
  }

  @Override
  PixelType type() {
    return finest.type();
  }

  @Override
  public GeoExtent extent() {
    return finest.extent();
  }

  @Override
  double easting(double x) {
    return finest.easting(x / refinement);
  }

  @Override
  double northing(double y) {
    return finest.northing(y / refinement);
  }

  /** Returns the finest file, borrowed. */
  CogFile file() {
    return finest;
  }

  /** Returns the number of bands. */
  int bands() {
    return sources.size();
  }

  @Override
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

  @Override
  public Strip read(StripWindow window, BufferPool memory) throws SceneException {
    Map<CogFile, List<Integer>> bandsOfFile = new LinkedHashMap<>();
    for (int i = 0; i < sources.size(); i++) {
      bandsOfFile.computeIfAbsent(sources.get(i).file(), f -> new ArrayList<>()).add(i);
    }
    BandPlane[] planes = new BandPlane[sources.size()];
    long bytes = 0;
    for (Map.Entry<CogFile, List<Integer>> entry : bandsOfFile.entrySet()) {
      bytes = assign(entry.getKey(), entry.getValue(), window, bytes, planes);
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
  private long assign(
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

  @Override
  public FileValidity validity(StripWindow window, BufferPool memory) throws SceneException {
    return new ValidityReader(sources, width(), memory).read(window);
  }

  private static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }
}
