package dev.kiln.benchmarks;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.GDALClose;
import static dev.kiln.gdal.global.gdal.GDALGetRasterBand;
import static dev.kiln.gdal.global.gdal.GDALGetRasterDataType;
import static dev.kiln.gdal.global.gdal.GDALOpenEx;
import static dev.kiln.gdal.global.gdal.GDALRasterIO;
import static dev.kiln.gdal.global.gdal.GF_Read;
import static dev.kiln.gdal.global.gdal.VSIFCloseL;
import static dev.kiln.gdal.global.gdal.VSIFileFromMemBuffer;
import static dev.kiln.gdal.global.gdal.VSIUnlink;

import dev.kiln.archive.BandAsset;
import dev.kiln.gdal.GDALDatasetH;
import dev.kiln.gdal.GDALRasterBandH;
import dev.kiln.gdal.Gdal;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;

/**
 * Reads chips as scripts do: opens the file for every band of every chip and reads one window. Uses
 * GDAL and none of the engine's decoder, so that each can check the other.
 */
final class OneWindowPerChip implements AutoCloseable {
  private static final int RASTER = 0x02;
  private static final int CHIP = 256;

  private static final BytePointer NONE = null;

  private final SampleScene scene;
  private final Map<String, String> memoryFiles = new LinkedHashMap<>();
  private final HostBuffer window = HostBuffer.allocate("window", CHIP * CHIP * Float.BYTES);

  OneWindowPerChip(SampleScene scene) {
    this.scene = scene;
    Gdal.load();
    scene
        .assets()
        .forEach(
            (key, bytes) -> {
              String name = "/vsimem/window/" + memoryFiles.size() + ".tif";
              VSIFCloseL(VSIFileFromMemBuffer(name, bytes.pointer(), bytes.size(), 0));
              memoryFiles.put(key, name);
            });
  }

  /**
   * Reads a chip of a scene.
   *
   * @param planes any strip of the scene, for sizes and types
   * @return size of the pixels in bytes
   */
  long read(Strip planes, int column, int row) {
    long bytes = 0;
    for (int b = 0; b < scene.bands().size(); b++) {
      bytes += read(b, planes.bands().get(b), column, row);
    }
    return bytes;
  }

  private long read(int band, BandPlane plane, int column, int row) {
    BandAsset asset = scene.bands().get(band);
    int repeat = plane.repeat();
    int edge = CHIP / repeat;
    GDALDatasetH dataset =
        GDALOpenEx(memoryFiles.get(asset.object().name()), RASTER, NONE, NONE, NONE);
    try {
      GDALRasterBandH raster = GDALGetRasterBand(dataset, asset.index());
      int type = GDALGetRasterDataType(raster);
      int x = column / repeat;
      int y = row / repeat;
      int result =
          GDALRasterIO(raster, GF_Read, x, y, edge, edge, window.pointer(), edge, edge, type, 0, 0);
      if (result != CE_None) {
        throw new IllegalStateException(asset + ": GDAL cannot read a window");
      }
    } finally {
      GDALClose(dataset);
    }
    return (long) edge * edge * plane.type().bytes();
  }

  /**
   * Compares the chip at a grid column and row with a strip.
   *
   * @throws IllegalStateException if a byte differs
   */
  void check(Strip strip, int column, int row) {
    for (int b = 0; b < scene.bands().size(); b++) {
      BandPlane plane = strip.bands().get(b);
      long size = read(b, plane, column, row);
      int pixel = plane.type().bytes();
      int edge = CHIP / plane.repeat();
      byte[] expected = new byte[Math.toIntExact(size)];
      window.slice(0, expected.length).get(expected);
      var raw = strip.raw();
      for (int i = 0; i < expected.length; i++) {
        int x = column / plane.repeat() + i / pixel % edge;
        int y = (row - strip.firstRow()) / plane.repeat() + i / pixel / edge;
        byte found = raw.get(Math.toIntExact(plane.byteOf(x, y)) + i % pixel);
        if (found != expected[i]) {
          throw new IllegalStateException(
              "band %d, pixel (%d, %d): decoders disagree".formatted(b + 1, x, y));
        }
      }
    }
  }

  @Override
  public void close() {
    memoryFiles.values().forEach(name -> VSIUnlink(name));
    window.close();
  }
}
