package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.CPLErrorReset;
import static dev.kiln.gdal.global.gdal.GDALClose;
import static dev.kiln.gdal.global.gdal.GDALCreate;
import static dev.kiln.gdal.global.gdal.GDALCreateCopy;
import static dev.kiln.gdal.global.gdal.GDALDatasetRasterIOEx;
import static dev.kiln.gdal.global.gdal.GDALGetDriverByName;
import static dev.kiln.gdal.global.gdal.GDT_Byte;
import static dev.kiln.gdal.global.gdal.GF_Write;
import static dev.kiln.gdal.global.gdal.VSIFree;
import static dev.kiln.gdal.global.gdal.VSIGetMemFileBuffer;

import dev.kiln.gdal.GDALDatasetH;
import dev.kiln.gdal.GDALDriverH;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;

/** A format of pictures for people, which GDAL encodes. */
public enum PictureFormat {
  /** PNG with transparency. */
  PNG("image/png", 4, "ZLEVEL=6"),
  /** JPEG without transparency, of quality 85. */
  JPEG("image/jpeg", 3, "QUALITY=85");

  private static final AtomicLong SERIAL = new AtomicLong();

  private final String mediaType;
  private final int bands;
  private final String option;

  PictureFormat(String mediaType, int bands, String option) {
    this.mediaType = mediaType;
    this.bands = bands;
    this.option = option;
  }

  /** Returns the media type, such as {@code image/png}. */
  public String mediaType() {
    return mediaType;
  }

  /**
   * Encodes a picture.
   *
   * @param argb {@code [height, width]}, row-major; 8 bits each of alpha, red, green and blue, from
   *     the highest; the alpha is dropped by formats without it
   * @param width in pixels
   * @param height in pixels
   * @return the bytes of a file
   * @throws IllegalStateException if GDAL lacks the format or the memory does not suffice
   */
  public byte[] encode(int[] argb, int width, int height) {
    GdalLibrary.require();
    CPLErrorReset();
    GDALDriverH driver = GDALGetDriverByName(name());
    if (driver == null) {
      throw new IllegalStateException("GDAL was built without " + name());
    }
    String file = "/vsimem/kiln/picture-" + SERIAL.incrementAndGet();
    GDALDatasetH pixels =
        GDALCreate(GDALGetDriverByName("MEM"), "", width, height, bands, GDT_Byte, null);
    if (pixels == null) {
      throw new IllegalStateException("cannot create a picture: " + GdalFile.lastError());
    }
    try (BytePointer option = new BytePointer(this.option);
        PointerPointer<BytePointer> options = new PointerPointer<>(option, null)) {
      fill(pixels, argb, width, height);
      GDALDatasetH copy = GDALCreateCopy(driver, file, pixels, 0, options, null, null);
      if (copy == null) {
        throw new IllegalStateException("cannot encode a picture: " + GdalFile.lastError());
      }
      GDALClose(copy);
    } finally {
      GDALClose(pixels);
    }
    return take(file);
  }

  private void fill(GDALDatasetH pixels, int[] argb, int width, int height) {
    byte[] bytes = new byte[Math.multiplyExact(Math.multiplyExact(width, height), bands)];
    int at = 0;
    for (int pixel : argb) {
      bytes[at++] = (byte) (pixel >> 16);
      bytes[at++] = (byte) (pixel >> 8);
      bytes[at++] = (byte) pixel;
      if (bands == 4) {
        bytes[at++] = (byte) (pixel >> 24);
      }
    }
    int[] numbers = IntStream.rangeClosed(1, bands).toArray();
    try (BytePointer buffer = new BytePointer(bytes)) {
      int result =
          GDALDatasetRasterIOEx(
              pixels,
              GF_Write,
              0,
              0,
              width,
              height,
              buffer,
              width,
              height,
              GDT_Byte,
              bands,
              numbers,
              bands,
              (long) bands * width,
              1,
              null);
      if (result != CE_None) {
        throw new IllegalStateException("cannot fill a picture: " + GdalFile.lastError());
      }
    }
  }

  /** Takes a file out of GDAL's memory. */
  private static byte[] take(String file) {
    long[] length = new long[1];
    BytePointer buffer = VSIGetMemFileBuffer(file, length, 1);
    if (buffer == null) {
      throw new IllegalStateException("cannot encode a picture: " + GdalFile.lastError());
    }
    try {
      byte[] bytes = new byte[Math.toIntExact(length[0])];
      buffer.capacity(length[0]).get(bytes);
      return bytes;
    } finally {
      VSIFree(buffer);
    }
  }
}
