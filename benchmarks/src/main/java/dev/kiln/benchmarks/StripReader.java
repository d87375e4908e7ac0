package dev.kiln.benchmarks;

import dev.kiln.archive.BandAsset;
import dev.kiln.error.SceneException;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.Strip;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.SceneRaster;
import dev.kiln.raster.StripWindow;
import dev.kiln.raster.TileDecoder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a scene strip by strip as the engine does. After the last strip it closes and reopens the
 * files, so that GDAL's caches do not serve the next round.
 */
final class StripReader implements AutoCloseable {
  private static final int CHIP = 256;

  private final SampleScene scene;
  private final int threads;
  private final TileDecoder decoder;
  private final BufferPool memory = new BufferPool();
  private final Map<String, CogFile> files = new LinkedHashMap<>();
  private SceneRaster raster;
  private ChipGrid grid;
  private List<StripWindow> windows;
  private int next;

  /**
   * @param decoder of the tiles; GDAL also opens files that it does not decode
   * @throws SceneException if the scene does not fit together
   * @throws IllegalStateException if the decoder does not know the scene's tiles
   */
  StripReader(SampleScene scene, int threads, TileDecoder decoder) throws SceneException {
    this.scene = scene;
    this.threads = threads;
    this.decoder = decoder;
    open();
  }

  private void open() throws SceneException {
    List<SceneRaster.Source> sources = new ArrayList<>();
    for (BandAsset band : scene.bands()) {
      String key = band.object().name();
      if (!files.containsKey(key)) {
        CogFile file = CogFile.open(key, scene.assets().get(key), threads, decoder);
        files.put(key, file);
        if (file.decoder() != decoder) {
          throw new IllegalStateException(key + ": decoded by " + file.decoder());
        }
      }
      sources.add(new SceneRaster.Source(band.band(), files.get(key), band.index()));
    }
    raster = SceneRaster.of(sources);
    grid = ChipGrid.of(raster.width(), raster.height(), CHIP);
    windows = grid.strips(raster.cut(Long.MAX_VALUE), grid.all());
    next = 0;
  }

  /** Returns the next window; after the last one, the first. */
  StripWindow nextWindow() throws SceneException {
    if (next == windows.size()) {
      closeFiles();
      open();
    }
    return windows.get(next++);
  }

  /** Returns the width of the scene in pixels. */
  int width() {
    return raster.width();
  }

  ChipGrid grid() {
    return grid;
  }

  /** Returns the next strip, which the caller closes. */
  Strip read() throws SceneException {
    // May reopen the files and the raster.
    StripWindow window = nextWindow();
    return raster.read(window, memory);
  }

  /** Returns the size of the raw pixels of a file in bytes. */
  long fileBytes(String key) {
    CogFile file = files.get(key);
    return (long) file.width() * file.height() * file.bands() * file.type().bytes();
  }

  /** Returns the size of the pixels of a strip in bytes. */
  static long bytes(Strip strip) {
    long bytes = 0;
    for (BandPlane plane : strip.bands()) {
      bytes += (long) plane.width() * plane.height() * plane.type().bytes();
    }
    return bytes;
  }

  @Override
  public void close() {
    closeFiles();
    memory.close();
  }

  private void closeFiles() {
    raster.close();
    files.values().forEach(CogFile::close);
    files.clear();
  }
}
