package dev.kiln.run;

import static dev.kiln.gdal.global.gdal.GDALClose;
import static dev.kiln.gdal.global.gdal.GDALCreate;
import static dev.kiln.gdal.global.gdal.GDALDatasetCopyLayer;
import static dev.kiln.gdal.global.gdal.GDALDatasetGetLayer;
import static dev.kiln.gdal.global.gdal.GDALGetDriverByName;
import static dev.kiln.gdal.global.gdal.GDALOpenEx;
import static dev.kiln.gdal.global.gdal.GDT_Unknown;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.gdal.GDALDatasetH;
import dev.kiln.raster.GdalLibrary;
import dev.kiln.testing.RangeServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;

/** Areas in the formats and reference systems that GIS programs write. */
class AreaFileTest {
  /** A square of 10 km at Wellington in the New Zealand grid, with a hole in its middle. */
  private static final String NZTM =
      """
      {"type": "FeatureCollection",
       "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2193"}},
       "features": [{"type": "Feature", "properties": {"name": "a"}, "geometry": {"type": "Polygon",
        "coordinates": [[[1745000, 5425000], [1755000, 5425000], [1755000, 5435000],
         [1745000, 5435000], [1745000, 5425000]],
         [[1749000, 5429000], [1749000, 5431000], [1751000, 5431000], [1751000, 5429000],
          [1749000, 5429000]]]}}]}
      """;

  @TempDir Path directory;

  private Path write(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }

  private static AreaOfInterest read(Path file) throws IOException {
    return AreaFile.read("--aoi", file.toString(), StoreOptions.standard());
  }

  private static Geometry point(double lon, double lat) {
    return new GeometryFactory().createPoint(new Coordinate(lon, lat));
  }

  /** Copies a GeoJSON file to another format, with GDAL. */
  private Path convert(Path json, String driver, String name) {
    GdalLibrary.require();
    Path target = directory.resolve(name);
    PointerPointer<BytePointer> none = new PointerPointer<>();
    GDALDatasetH from = GDALOpenEx(json.toString(), 0x04, none, none, none);
    GDALDatasetH to =
        GDALCreate(GDALGetDriverByName(driver), target.toString(), 0, 0, 0, GDT_Unknown, null);
    GDALDatasetCopyLayer(to, GDALDatasetGetLayer(from, 0), "area", none);
    GDALClose(to);
    GDALClose(from);
    return target;
  }

  @ParameterizedTest
  @CsvSource({"GeoJSON, json", "GPKG, gpkg", "FlatGeobuf, fgb", "ESRI Shapefile, shp"})
  void projectedPolygonsOfEveryFormatBecomeDegrees(String driver, String suffix)
      throws IOException {
    Path json = write("source.json", NZTM);
    Path file = driver.equals("GeoJSON") ? json : convert(json, driver, "area." + suffix);
    AreaOfInterest area = read(file);
    // Corners according to Land Information New Zealand's conversion.
    Envelope box = area.envelope();
    assertThat(box.getMinX()).isCloseTo(174.7334, within(5e-3));
    assertThat(box.getMinY()).isCloseTo(-41.3142, within(5e-3));
    assertThat(box.getWidth()).isCloseTo(0.1195, within(3e-3));
    assertThat(box.getHeight()).isCloseTo(0.0902, within(3e-3));
    Coordinate centre = box.centre();
    assertThat(area.intersects(point(centre.x, centre.y))).as("the hole").isFalse();
    assertThat(area.intersects(point(centre.x + 0.04, centre.y))).isTrue();
  }

  @Test
  void areaIsTheSameInEveryFormat() throws IOException {
    Path json = write("source.json", NZTM);
    String identity = new ChipArea(read(json), ChipArea.Rule.INTERSECTS).identity();
    assertThat(identity)
        .matches("[0-9a-f]{16} \\[174\\.\\d{4}, -41\\.\\d{4}, 174\\.\\d{4}, -41\\.\\d{4}\\]");
    assertThat(new ChipArea(read(convert(json, "GPKG", "x.gpkg")), ChipArea.Rule.WITHIN).identity())
        .isEqualTo(identity);
    assertThat(
            new ChipArea(
                    read(write("other.json", NZTM.replace("1749000", "1749001"))),
                    ChipArea.Rule.INTERSECTS)
                .identity())
        .isNotEqualTo(identity);
  }

  @Test
  void geoParquetIsRead() throws Exception {
    Path file = directory.resolve("area.parquet");
    // A unit square as little-endian WKB.
    StringBuilder wkb = new StringBuilder("010300000001000000" + "05000000");
    for (double[] point : new double[][] {{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}) {
      for (double value : point) {
        wkb.append(String.format("%016x", Long.reverseBytes(Double.doubleToLongBits(value))));
      }
    }
    try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
        Statement sql = duck.createStatement()) {
      sql.execute(
          "COPY (SELECT 'a' AS name, unhex('%s') AS geometry) TO '%s' (FORMAT parquet, KV_METADATA {geo: '%s'})"
              .formatted(
                  wkb,
                  file,
                  "{\"version\":\"1.1.0\",\"primary_column\":\"geometry\",\"columns\":"
                      + "{\"geometry\":{\"encoding\":\"WKB\",\"geometry_types\":[]}}}"));
    }
    assertThat(read(file).envelope().equals(new Envelope(0, 1, 0, 1))).isTrue();
  }

  @Test
  void polygonAcrossTheAntimeridianStaysInOnePiece() throws IOException {
    // UTM zone 60, from 179.4° E to 179.3° W.
    AreaOfInterest area =
        read(
            write(
                "utm60.json",
                NZTM.replace("2193", "32660")
                    .replaceAll(
                        "(?s)\\[\\[\\[1745000.*?\\]\\]\\]",
                        "[[[700000,100000],[850000,100000],[850000,200000],[700000,200000],"
                            + "[700000,100000]]]")));
    assertThat(area.envelope().getWidth()).isLessThan(2);
    assertThat(area.intersects(point(179.9, 1.3))).isTrue();
    assertThat(area.intersects(point(-179.9, 1.3))).isTrue();
    assertThat(area.intersects(point(0, 1.3))).isFalse();
  }

  @Test
  void areaOnAWebServerIsRead() throws IOException {
    try (RangeServer server = RangeServer.start()) {
      server.put("a/area.json", NZTM.getBytes());
      AreaOfInterest area =
          AreaFile.read("--aoi", server.uri() + "/a/area.json", StoreOptions.standard());
      assertThat(area.envelope().centre().y).isCloseTo(-41.27, within(0.05));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a.json | {\"type\":\"FeatureCollection\",\"features\":[]} | expected GeoJSON polygons,"
            + " found none",
        "a.json | {\"type\":\"Point\",\"coordinates\":[1,2]} | expected Polygon or MultiPolygon,"
            + " found type 'Point'",
        "a.json | {\"type\":\"Polygon\",\"coordinates\":[[[0,0],[2,2],[2,0],[0,2],[0,0]]]} |"
            + " invalid polygon: Self-intersection",
        "a.json |"
            + " {\"type\":\"Polygon\",\"coordinates\":[[[1745000,5425000],[1755000,5425000],[1755000,5435000],[1745000,5425000]]]}"
            + " | reproject to WGS84",
        "a.json |"
            + " {\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"urn:ogc:def:crs:EPSG::2193\"}},\"type\":\"Point\",\"coordinates\":[1,2]}"
            + " | expected polygons, found Point",
        "a.json | {\"type\": | not JSON",
        "a.gpkg | nothing | expected GeoJSON, GeoPackage, FlatGeobuf, GeoParquet or Shapefile",
        "a.shp | nothing | expected a file with the suffix .shx beside it, found none",
        "a.parquet | PAR1PAR1 | a.parquet",
        "a.json | '' | expected",
      })
  void fileWithoutAnAreaIsOneLineThatNamesIt(String name, String text, String message)
      throws IOException {
    Path file = write(name, text);
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(message)
        .hasMessageContaining(name)
        .message()
        .doesNotContain("\n")
        .doesNotContain("/vsimem");
  }

  @Test
  void missingFileIsNamed() {
    assertThatThrownBy(() -> read(directory.resolve("none.json")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("--aoi " + directory.resolve("none.json") + ": file not found");
  }

  @Test
  void shapefileWithoutACrsIsRefused() throws IOException {
    Path file = convert(write("source.json", NZTM), "ESRI Shapefile", "area.shp");
    Files.writeString(directory.resolve("area.prj"), "");
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected a CRS, found none");
  }
}
