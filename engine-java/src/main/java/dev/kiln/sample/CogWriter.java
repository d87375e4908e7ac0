package dev.kiln.sample;

import static dev.kiln.gdal.global.gdal.CE_Failure;
import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.CPLErrorReset;
import static dev.kiln.gdal.global.gdal.CPLGetLastErrorMsg;
import static dev.kiln.gdal.global.gdal.CPLGetLastErrorType;
import static dev.kiln.gdal.global.gdal.GDALClose;
import static dev.kiln.gdal.global.gdal.GDALCreate;
import static dev.kiln.gdal.global.gdal.GDALCreateCopy;
import static dev.kiln.gdal.global.gdal.GDALDatasetRasterIOEx;
import static dev.kiln.gdal.global.gdal.GDALFlushCache;
import static dev.kiln.gdal.global.gdal.GDALGetDriverByName;
import static dev.kiln.gdal.global.gdal.GDALGetRasterBand;
import static dev.kiln.gdal.global.gdal.GDALSetGeoTransform;
import static dev.kiln.gdal.global.gdal.GDALSetRasterNoDataValue;
import static dev.kiln.gdal.global.gdal.GDALSetSpatialRef;
import static dev.kiln.gdal.global.gdal.GDT_Byte;
import static dev.kiln.gdal.global.gdal.GDT_UInt16;
import static dev.kiln.gdal.global.gdal.GF_Write;
import static dev.kiln.gdal.global.gdal.OSRImportFromEPSG;
import static dev.kiln.gdal.global.gdal.OSRNewSpatialReference;
import static dev.kiln.gdal.global.gdal.OSRRelease;

import dev.kiln.gdal.GDALDatasetH;
import dev.kiln.gdal.Gdal;
import dev.kiln.gdal.OGRSpatialReferenceH;
import dev.kiln.memory.HostBuffer;
import dev.kiln.type.PixelType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Writes a cloud-optimised GeoTIFF strip by strip. Rows are stored uncompressed in a temporary file
 * until {@link #finish}: overviews precede the pixels of a COG, so its first byte is known only
 * after the last row.
 */
final class CogWriter implements AutoCloseable {

  /**
   * Storage of the pixels.
   *
   * @param bands number of bands, interleaved by pixel
   * @param type pixel type
   * @param tile edge of a tile in pixels
   * @param differences whether to use predictor 2
   * @param alpha whether the last band is tagged as alpha
   * @param nodata value of pixels without data
   */
  record Layout(
      int bands,
      PixelType type,
      int tile,
      boolean differences,
      boolean alpha,
      OptionalInt nodata) {}

  private final Path file;
  private final Path raw;
  private final Window grid;
  private final Layout layout;
  private GDALDatasetH dataset;

  /**
   * Starts a file.
   *
   * @param file file to write
   * @param grid pixel grid
   * @param epsg EPSG code of the grid's CRS
   * @param layout storage of the pixels
   */
  CogWriter(Path file, Window grid, int epsg, Layout layout) throws IOException {
    Gdal.load();
    this.file = file;
    this.raw = file.resolveSibling(file.getFileName() + ".raw");
    this.grid = grid;
    this.layout = layout;
    Files.createDirectories(file.getParent());
    CPLErrorReset();
    try (PointerPointer<BytePointer> options = strings(rawOptions())) {
      this.dataset =
          GDALCreate(
              GDALGetDriverByName("GTiff"),
              raw.toString(),
              grid.width(),
              grid.height(),
              layout.bands,
              gdalType(),
              options);
    }
    if (dataset == null) {
      throw fault(raw);
    }
    try {
      describe(epsg);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Sets georeferencing and nodata. */
  private void describe(int epsg) {
    double[] transform = {grid.west(), grid.pixel(), 0, grid.north(), 0, -grid.pixel()};
    GDALSetGeoTransform(dataset, transform);
    OGRSpatialReferenceH reference = OSRNewSpatialReference("");
    try {
      if (OSRImportFromEPSG(reference, epsg) != 0) {
        throw new IllegalStateException(
            "PROJ does not know EPSG:" + epsg + ": is its database installed?");
      }
      GDALSetSpatialRef(dataset, reference);
    } finally {
      OSRRelease(reference);
    }
    if (layout.nodata.isPresent()) {
      for (int b = 1; b <= layout.bands; b++) {
        GDALSetRasterNoDataValue(GDALGetRasterBand(dataset, b), layout.nodata.getAsInt());
      }
    }
  }

  private List<String> rawOptions() {
    List<String> options =
        new ArrayList<>(
            List.of(
                "TILED=YES",
                "INTERLEAVE=PIXEL",
                "BLOCKXSIZE=" + layout.tile,
                "BLOCKYSIZE=" + layout.tile));
    if (layout.bands >= 3) {
      options.add("PHOTOMETRIC=RGB");
      options.add("ALPHA=" + (layout.alpha ? "NON-PREMULTIPLIED" : "NO"));
    }
    return options;
  }

  private List<String> cogOptions() {
    return List.of(
        "COMPRESS=DEFLATE",
        "PREDICTOR=" + (layout.differences ? "STANDARD" : "NO"),
        "BLOCKSIZE=" + layout.tile,
        // Classes cannot be averaged, and the real archives' overviews use nearest neighbour too.
        "RESAMPLING=NEAREST",
        "NUM_THREADS=ALL_CPUS");
  }

  /**
   * Writes the next rows.
   *
   * @param firstRow first row
   * @param rows number of rows
   * @param pixels buffer with the rows, bands interleaved by pixel
   * @param offset byte of the first pixel in the buffer
   */
  void write(int firstRow, int rows, HostBuffer pixels, long offset) throws IOException {
    int bytes = layout.type.bytes();
    int pixelBytes = bytes * layout.bands;
    CPLErrorReset();
    int result =
        GDALDatasetRasterIOEx(
            open(),
            GF_Write,
            0,
            firstRow,
            grid.width(),
            rows,
            new BytePointer(pixels.pointer()).position(offset),
            grid.width(),
            rows,
            gdalType(),
            layout.bands,
            IntStream.rangeClosed(1, layout.bands).toArray(),
            pixelBytes,
            (long) pixelBytes * grid.width(),
            bytes,
            null);
    if (result != CE_None) {
      throw fault(raw);
    }
    GDALFlushCache(dataset);
    throwIfFailed(raw);
  }

  /** Writes the COG and closes the writer. */
  void finish() throws IOException {
    CPLErrorReset();
    try (PointerPointer<BytePointer> options = strings(cogOptions())) {
      GDALDatasetH cog =
          GDALCreateCopy(
              GDALGetDriverByName("COG"), file.toString(), open(), 1, options, null, null);
      if (cog == null) {
        throw fault(file);
      }
      GDALClose(cog);
    }
    throwIfFailed(file);
    close();
  }

  /** Deletes the temporary file. Idempotent. */
  @Override
  public void close() throws IOException {
    if (dataset != null) {
      GDALClose(dataset);
      dataset = null;
      Files.deleteIfExists(raw);
    }
  }

  private GDALDatasetH open() {
    if (dataset == null) {
      throw new IllegalStateException(file + ": used after close");
    }
    return dataset;
  }

  private int gdalType() {
    return switch (layout.type) {
      case UINT8 -> GDT_Byte;
      case UINT16 -> GDT_UInt16;
      case INT16, FLOAT32 -> throw new IllegalArgumentException("no sample is " + layout.type);
    };
  }

  private static PointerPointer<BytePointer> strings(List<String> texts) {
    BytePointer[] pointers = new BytePointer[texts.size() + 1];
    for (int i = 0; i < texts.size(); i++) {
      pointers[i] = new BytePointer(texts.get(i));
    }
    return new PointerPointer<>(pointers);
  }

  /** Throws if GDAL recorded an error: flushing and closing return no status. */
  private static void throwIfFailed(Path file) throws IOException {
    if (CPLGetLastErrorType() >= CE_Failure) {
      throw fault(file);
    }
  }

  private static IOException fault(Path file) {
    return new IOException(file + ": cannot write: " + CPLGetLastErrorMsg());
  }
}
