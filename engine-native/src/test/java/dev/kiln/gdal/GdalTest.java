package dev.kiln.gdal;

import static dev.kiln.gdal.global.gdal.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.memory.HostBuffer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The binding, in the ways the engine uses it. */
class GdalTest {
  private static final int WIDTH = 100;
  private static final int HEIGHT = 70;
  private static final int BANDS = 4;
  private static final double[] GEO_TRANSFORM = {583_960.25, 0.6, 0, 4_507_523.5, 0, -0.6};
  private static final PointerPointer<?> NONE = null;

  @BeforeAll
  static void load() {
    Gdal.load();
  }

  @Test
  void loadsOnceAndReportsItsVersion() {
    String version = Gdal.load();

    assertThat(version).matches("3\\.\\d+\\.\\d+.*");
    assertThat(Gdal.load()).isEqualTo(version);
  }

  @Test
  void readsNoSidecarFiles() {
    assertThat(CPLGetConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", null)).isEqualTo("EMPTY_DIR");
    assertThat(CPLGetConfigOption("GDAL_PAM_ENABLED", null)).isEqualTo("NO");
  }

  @ParameterizedTest
  @ValueSource(strings = {"GTiff", "COG"})
  void readsAnImageInABuffer(String driver) {
    try (HostBuffer file = image(driver);
        HostBuffer pixels = HostBuffer.allocate("pixels", WIDTH * HEIGHT * BANDS)) {
      GDALDatasetH dataset = open("/vsimem/read.tif", file);

      assertThat(GDALGetRasterXSize(dataset)).isEqualTo(WIDTH);
      assertThat(GDALGetRasterYSize(dataset)).isEqualTo(HEIGHT);
      assertThat(GDALGetRasterCount(dataset)).isEqualTo(BANDS);
      assertThat(GDALGetMetadataItem(dataset, "COMPRESSION", "IMAGE_STRUCTURE"))
          .isEqualTo("DEFLATE");
      assertThat(readInterleaved(dataset, pixels)).isEqualTo(CE_None);
      ByteBuffer read = pixels.slice(0, WIDTH * HEIGHT * BANDS);
      for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
          for (int band = 0; band < BANDS; band++) {
            assertThat(read.get()).isEqualTo(value(x, y, band));
          }
        }
      }
      GDALClose(dataset);
      assertThat(VSIUnlink("/vsimem/read.tif")).isZero();
    }
  }

  @Test
  void reportsGeoreferenceAndStorage() {
    try (HostBuffer file = image("GTiff")) {
      GDALDatasetH dataset = open("/vsimem/facts.tif", file);
      double[] geoTransform = new double[6];
      int[] blockWidth = new int[1];
      int[] blockHeight = new int[1];
      int[] given = new int[1];
      OGRSpatialReferenceH reference = GDALGetSpatialRef(dataset);
      GDALRasterBandH band = GDALGetRasterBand(dataset, BANDS);
      GDALGetBlockSize(band, blockWidth, blockHeight);

      assertThat(GDALGetGeoTransform(dataset, geoTransform)).isEqualTo(CE_None);
      assertThat(geoTransform).containsExactly(GEO_TRANSFORM);
      assertThat(GDALGetProjectionRef(dataset)).startsWith("PROJCS[\"WGS 84 / UTM zone 18N\"");
      assertThat(OSRGetName(reference)).isEqualTo("WGS 84 / UTM zone 18N");
      assertThat(OSRGetAuthorityCode(reference, null)).isEqualTo("32618");
      assertThat(OSRIsProjected(reference)).isOne();
      assertThat(OSRIsGeographic(reference)).isZero();
      assertThat(OSRGetLinearUnits(reference, NONE)).isOne();
      assertThat(GDALGetRasterDataType(band)).isEqualTo(GDT_Byte);
      assertThat(blockWidth).containsExactly(32);
      assertThat(blockHeight).containsExactly(16);
      assertThat(GDALGetRasterNoDataValue(band, given)).isEqualTo(9);
      assertThat(given).containsExactly(1);
      try (PointerPointer<BytePointer> wkt = new PointerPointer<>(1)) {
        assertThat(OSRExportToWkt(reference, wkt)).isEqualTo(OGRERR_NONE);
        assertThat(wkt.get(BytePointer.class).getString()).startsWith("PROJCS[");
        VSIFree(wkt.get(BytePointer.class));
      }
      GDALClose(dataset);
      VSIUnlink("/vsimem/facts.tif");
    }
  }

  /** The expected degrees are those of PROJ's cs2cs and of Karney's series: they agree to 1e-13. */
  @Test
  void reprojectsMetresToLongitudeAndLatitude() {
    OGRSpatialReferenceH utm = reference(32618);
    OGRSpatialReferenceH wgs84 = reference(4326);
    OGRCoordinateTransformationH transformation = OCTNewCoordinateTransformation(utm, wgs84);
    double[] x = {500_000, 583_960.25};
    double[] y = {0, 4_507_523.5};

    int done = OCTTransform(transformation, 2, x, y, new double[2]);

    assertThat(done).isOne();
    assertThat(x[0]).isCloseTo(-75, within(1e-9));
    assertThat(y[0]).isCloseTo(0, within(1e-9));
    assertThat(x[1]).isCloseTo(-74.0059665004408, within(1e-9));
    assertThat(y[1]).isCloseTo(40.7143536906402, within(1e-9));
    OCTDestroyCoordinateTransformation(transformation);
    OSRDestroySpatialReference(wgs84);
    OSRDestroySpatialReference(utm);
  }

  @Test
  void reportsWhyAFileDoesNotOpen() {
    byte[] garbage = "this is no image at all".getBytes(StandardCharsets.UTF_8);
    try (HostBuffer file = HostBuffer.allocate("garbage", garbage.length)) {
      file.slice(0, garbage.length).put(garbage);
      CPLErrorReset();

      GDALDatasetH dataset = open("/vsimem/garbage.tif", file);

      assertThat(dataset).isNull();
      assertThat(CPLGetLastErrorType()).isEqualTo(CE_Failure);
      assertThat(CPLGetLastErrorMsg())
          .contains("/vsimem/garbage.tif")
          .contains("not recognized as a supported file format");
      VSIUnlink("/vsimem/garbage.tif");
    }
  }

  @Test
  void failsToReadATruncatedImage() {
    try (HostBuffer file = image("COG");
        HostBuffer pixels = HostBuffer.allocate("pixels", WIDTH * HEIGHT * BANDS)) {
      String name = "/vsimem/truncated.tif";
      VSIFCloseL(VSIFileFromMemBuffer(name, file.pointer(), file.size() * 2 / 3, 0));
      GDALDatasetH dataset = openFile(name);
      assertThat(dataset).isNotNull();
      CPLErrorReset();

      assertThat(readInterleaved(dataset, pixels)).isEqualTo(CE_Failure);
      assertThat(CPLGetLastErrorMsg()).contains("truncated.tif");
      GDALClose(dataset);
      VSIUnlink(name);
    }
  }

  @Test
  void passesNamesAsUtf8() {
    String name = "/vsimem/Größe-图像.tif";
    try (HostBuffer file = image("GTiff")) {
      GDALDatasetH dataset = open(name, file);

      assertThat(GDALGetDescription(dataset)).isEqualTo(name);
      GDALClose(dataset);
      assertThat(VSIUnlink(name)).isZero();
    }
  }

  private static byte value(int x, int y, int band) {
    return (byte) (x * 7 + y * 13 + band * 31);
  }

  private static OGRSpatialReferenceH reference(int epsg) {
    OGRSpatialReferenceH reference = OSRNewSpatialReference(null);
    assertThat(OSRImportFromEPSG(reference, epsg)).isEqualTo(OGRERR_NONE);
    OSRSetAxisMappingStrategy(reference, OAMS_TRADITIONAL_GIS_ORDER);
    return reference;
  }

  private static GDALDatasetH open(String name, HostBuffer file) {
    VSIFCloseL(VSIFileFromMemBuffer(name, file.pointer(), file.size(), 0));
    return openFile(name);
  }

  private static GDALDatasetH openFile(String name) {
    return GDALOpenEx(name, GDAL_OF_RASTER | GDAL_OF_VERBOSE_ERROR, NONE, NONE, NONE);
  }

  private static int readInterleaved(GDALDatasetH dataset, HostBuffer pixels) {
    return GDALDatasetRasterIO(
        dataset,
        GF_Read,
        0,
        0,
        WIDTH,
        HEIGHT,
        pixels.pointer(),
        WIDTH,
        HEIGHT,
        GDT_Byte,
        BANDS,
        (int[]) null,
        BANDS,
        WIDTH * BANDS,
        1);
  }

  /** Returns a file of the driver's format, written by GDAL, in a buffer that the caller owns. */
  private static HostBuffer image(String driver) {
    PointerPointer<?> tiled = CSLSetNameValue(NONE, "TILED", "YES");
    tiled = CSLSetNameValue(tiled, "INTERLEAVE", "PIXEL");
    tiled = CSLSetNameValue(tiled, "COMPRESS", "DEFLATE");
    tiled = CSLSetNameValue(tiled, "BLOCKXSIZE", "32");
    tiled = CSLSetNameValue(tiled, "BLOCKYSIZE", "16");
    String name = "/vsimem/written.tif";
    GDALDatasetH dataset =
        GDALCreate(GDALGetDriverByName("GTiff"), name, WIDTH, HEIGHT, BANDS, GDT_Byte, tiled);
    CSLDestroy(tiled);
    OGRSpatialReferenceH utm = reference(32618);
    GDALSetSpatialRef(dataset, utm);
    OSRDestroySpatialReference(utm);
    GDALSetGeoTransform(dataset, GEO_TRANSFORM);
    GDALSetRasterNoDataValue(GDALGetRasterBand(dataset, 1), 9);
    byte[] plane = new byte[WIDTH * HEIGHT];
    for (int band = 0; band < BANDS; band++) {
      for (int i = 0; i < plane.length; i++) {
        plane[i] = value(i % WIDTH, i / WIDTH, band);
      }
      try (BytePointer pixels = new BytePointer(plane)) {
        GDALRasterIO(
            GDALGetRasterBand(dataset, band + 1),
            GF_Write,
            0,
            0,
            WIDTH,
            HEIGHT,
            pixels,
            WIDTH,
            HEIGHT,
            GDT_Byte,
            0,
            0);
      }
    }
    if (driver.equals("COG")) {
      name = "/vsimem/copied.tif";
      PointerPointer<?> deflate = CSLSetNameValue(NONE, "COMPRESS", "DEFLATE");
      GDALClose(GDALCreateCopy(GDALGetDriverByName("COG"), name, dataset, 0, deflate, null, null));
      CSLDestroy(deflate);
    }
    GDALClose(dataset);
    long[] size = new long[1];
    BytePointer bytes = VSIGetMemFileBuffer(name, size, 0);
    HostBuffer file = HostBuffer.allocate("image", size[0]);
    Pointer.memcpy(file.pointer(), bytes, size[0]);
    VSIUnlink("/vsimem/written.tif");
    VSIUnlink("/vsimem/copied.tif");
    return file;
  }
}
