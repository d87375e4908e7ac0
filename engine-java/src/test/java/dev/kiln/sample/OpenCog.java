package dev.kiln.sample;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.GDALClose;
import static dev.kiln.gdal.global.gdal.GDALDatasetRasterIOEx;
import static dev.kiln.gdal.global.gdal.GDALGetBlockSize;
import static dev.kiln.gdal.global.gdal.GDALGetGeoTransform;
import static dev.kiln.gdal.global.gdal.GDALGetMetadataItem;
import static dev.kiln.gdal.global.gdal.GDALGetOverviewCount;
import static dev.kiln.gdal.global.gdal.GDALGetRasterBand;
import static dev.kiln.gdal.global.gdal.GDALGetRasterColorInterpretation;
import static dev.kiln.gdal.global.gdal.GDALGetRasterCount;
import static dev.kiln.gdal.global.gdal.GDALGetRasterDataType;
import static dev.kiln.gdal.global.gdal.GDALGetRasterNoDataValue;
import static dev.kiln.gdal.global.gdal.GDALGetRasterXSize;
import static dev.kiln.gdal.global.gdal.GDALGetRasterYSize;
import static dev.kiln.gdal.global.gdal.GDALGetSpatialRef;
import static dev.kiln.gdal.global.gdal.GDALOpenEx;
import static dev.kiln.gdal.global.gdal.GDT_Float32;
import static dev.kiln.gdal.global.gdal.GF_Read;
import static dev.kiln.gdal.global.gdal.OSRGetAuthorityCode;

import dev.kiln.gdal.GDALDatasetH;
import dev.kiln.gdal.GDALRasterBandH;
import dev.kiln.gdal.Gdal;
import java.nio.file.Path;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerPointer;

/** GeoTIFF opened by GDAL. */
final class OpenCog implements AutoCloseable {
  private static final int RASTER = 0x02;

  private final GDALDatasetH dataset;

  OpenCog(Path file) {
    Gdal.load();
    try (PointerPointer<BytePointer> none = new PointerPointer<>((BytePointer) null)) {
      dataset = GDALOpenEx(file.toString(), RASTER, none, none, null);
    }
    if (dataset == null) {
      throw new AssertionError("GDAL cannot open " + file);
    }
  }

  private GDALRasterBandH band(int number) {
    return GDALGetRasterBand(dataset, number);
  }

  /** Returns width, height and number of bands. */
  int[] shape() {
    return new int[] {
      GDALGetRasterXSize(dataset), GDALGetRasterYSize(dataset), GDALGetRasterCount(dataset)
    };
  }

  int type() {
    return GDALGetRasterDataType(band(1));
  }

  /** Returns width and height of a tile. */
  int[] tile() {
    int[] width = new int[1];
    int[] height = new int[1];
    GDALGetBlockSize(band(1), width, height);
    return new int[] {width[0], height[0]};
  }

  /** Returns image structure metadata such as LAYOUT or COMPRESSION; null if absent. */
  String structure(String name) {
    return GDALGetMetadataItem(dataset, name, "IMAGE_STRUCTURE");
  }

  int overviews() {
    return GDALGetOverviewCount(band(1));
  }

  int colour(int number) {
    return GDALGetRasterColorInterpretation(band(number));
  }

  /** Returns the nodata value; NaN if there is none. */
  double nodata() {
    int[] found = new int[1];
    double value = GDALGetRasterNoDataValue(band(1), found);
    return found[0] == 0 ? Double.NaN : value;
  }

  String epsg() {
    return OSRGetAuthorityCode(GDALGetSpatialRef(dataset), (String) null);
  }

  double[] geotransform() {
    double[] transform = new double[6];
    GDALGetGeoTransform(dataset, transform);
    return transform;
  }

  /** Returns all pixels of a band, row by row. */
  float[] pixels(int number) {
    int[] shape = shape();
    float[] pixels = new float[shape[0] * shape[1]];
    try (FloatPointer into = new FloatPointer(pixels.length)) {
      int result =
          GDALDatasetRasterIOEx(
              dataset,
              GF_Read,
              0,
              0,
              shape[0],
              shape[1],
              into,
              shape[0],
              shape[1],
              GDT_Float32,
              1,
              new int[] {number},
              0,
              0,
              0,
              null);
      if (result != CE_None) {
        throw new AssertionError("GDAL cannot read the pixels");
      }
      into.get(pixels);
    }
    return pixels;
  }

  @Override
  public void close() {
    GDALClose(dataset);
  }
}
