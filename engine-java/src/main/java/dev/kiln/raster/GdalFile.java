package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.CPLErrorReset;
import static dev.kiln.gdal.global.gdal.CPLGetLastErrorMsg;
import static dev.kiln.gdal.global.gdal.GDALClose;
import static dev.kiln.gdal.global.gdal.GDALOpenEx;
import static dev.kiln.gdal.global.gdal.VSIFCloseL;
import static dev.kiln.gdal.global.gdal.VSIFileFromMemBuffer;
import static dev.kiln.gdal.global.gdal.VSIUnlink;

import dev.kiln.fault.SceneFault;
import dev.kiln.gdal.GDALDatasetH;
import dev.kiln.memory.HostBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * A GeoTIFF in host memory that GDAL has open. The bytes are borrowed and must outlive this. For
 * one thread at a time.
 */
final class GdalFile implements AutoCloseable {
  private static final int OPEN_FLAGS = 0x02 | 0x40; // GDAL_OF_RASTER | GDAL_OF_VERBOSE_ERROR
  private static final AtomicLong SERIAL = new AtomicLong();

  private final String key;
  private final String memoryFile;
  private GDALDatasetH dataset;

  private GdalFile(String key, String memoryFile, GDALDatasetH dataset) {
    this.key = key;
    this.memoryFile = memoryFile;
    this.dataset = dataset;
  }

  /**
   * @param key the object's key, for messages
   * @param bytes the whole object, borrowed
   * @param threads on which GDAL decodes tiles
   * @throws SceneFault permanent if it is not a GeoTIFF
   */
  static GdalFile open(String key, HostBuffer bytes, int threads) throws SceneFault {
    GdalLibrary.require();
    String memoryFile = "/vsimem/kiln/" + SERIAL.incrementAndGet() + ".tif";
    Pointer mapped = VSIFileFromMemBuffer(memoryFile, bytes.pointer(), bytes.size(), 0);
    if (mapped == null) {
      throw new IllegalStateException(key + ": GDAL cannot open memory as a file: " + lastError());
    }
    VSIFCloseL(mapped);
    CPLErrorReset();
    try (PointerPointer<BytePointer> drivers = strings("GTiff");
        PointerPointer<BytePointer> options = strings("NUM_THREADS=" + threads)) {
      GDALDatasetH dataset = GDALOpenEx(memoryFile, OPEN_FLAGS, drivers, options, null);
      if (dataset != null) {
        return new GdalFile(key, memoryFile, dataset);
      }
    }
    VSIUnlink(memoryFile);
    throw SceneFault.permanent(
        key, "a GeoTIFF expected, found something else: " + lastError().replace(memoryFile, key));
  }

  private static PointerPointer<BytePointer> strings(String text) {
    return new PointerPointer<>(new BytePointer(text), null);
  }

  /** The open dataset, borrowed. */
  GDALDatasetH dataset() {
    if (dataset == null) {
      throw new IllegalStateException(key + ": used after close");
    }
    return dataset;
  }

  /** What GDAL last complained of on this thread. */
  static String lastError() {
    String message = CPLGetLastErrorMsg();
    return message == null || message.isEmpty() ? "GDAL gives no reason" : message;
  }

  /** The same, with the file under its own name. */
  String complaint() {
    return lastError().replace(memoryFile, key);
  }

  /** Closes the file; a second call does nothing. */
  @Override
  public void close() {
    if (dataset != null) {
      GDALClose(dataset);
      dataset = null;
      VSIUnlink(memoryFile);
    }
  }
}
