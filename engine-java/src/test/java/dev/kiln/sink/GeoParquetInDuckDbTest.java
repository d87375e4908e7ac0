package dev.kiln.sink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Blob;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.locationtech.jts.io.ParseException;
import org.locationtech.jts.io.WKBReader;
import tools.jackson.databind.json.JsonMapper;

/** Kiln's output as a reader that shares no code with its writer sees it. */
class GeoParquetInDuckDbTest {
  private static final int ROWS = 12;
  private static final int DIM = 96;

  @TempDir private Path dir;
  private Connection connection;
  private Statement duckdb;

  @BeforeEach
  void connect() throws SQLException {
    connection = DriverManager.getConnection("jdbc:duckdb:");
    duckdb = connection.createStatement();
  }

  @AfterEach
  void disconnect() throws SQLException {
    duckdb.close();
    connection.close();
  }

  private String write(SceneTable table) throws IOException {
    Path path = dir.resolve("scene.parquet");
    Files.write(path, GeoParquetWriter.toBytes(table, SampleTables.PROVENANCE));
    return "'" + path + "'";
  }

  @Test
  void columnsHaveTheTypesOfTheContractAndGeometryItsReferenceSystem() throws Exception {
    String file = write(SampleTables.table(ROWS, DIM));

    assertThat(columnTypes(file))
        .containsExactly(
            "chip_id VARCHAR",
            "item_id VARCHAR",
            "platform VARCHAR",
            "datetime TIMESTAMP WITH TIME ZONE",
            "gsd FLOAT",
            "chip_x INTEGER",
            "chip_y INTEGER",
            "cloud FLOAT",
            "nodata FLOAT",
            "uri VARCHAR",
            "model VARCHAR",
            "embeddings FLOAT[]",
            "geometry GEOMETRY('OGC:CRS84')",
            "bbox STRUCT(xmin DOUBLE, ymin DOUBLE, xmax DOUBLE, ymax DOUBLE)");
  }

  @Test
  void rowsHoldVectorsTimesAndFootprints() throws Exception {
    SceneTable table = SampleTables.table(ROWS, DIM);
    duckdb.execute("SET enable_geoparquet_conversion = false");

    int row = 0;
    try (ResultSet rows = duckdb.executeQuery("SELECT * FROM " + write(table))) {
      for (; rows.next(); row++) {
        assertThat(rows.getString("chip_id"))
            .isEqualTo("m_4709963_se_14_1_20180716-" + row % 5 + "-" + row / 5);
        assertThat(rows.getObject("datetime", OffsetDateTime.class).toInstant())
            .isEqualTo(table.info().datetime());
        Object[] vector = (Object[]) rows.getArray("embeddings").getArray();
        assertThat(vector).hasSize(DIM);
        for (int k = 0; k < DIM; k++) {
          assertThat(vector[k]).isEqualTo(table.embeddings()[row * DIM + k]);
        }
        assertThat(polygon(rows.getBlob("geometry")))
            .isEqualTo(table.chips().get(row).footprint().geometry().toText());
      }
    }
    assertThat(row).isEqualTo(ROWS);
  }

  @Test
  void rangesOfTheVectorsAreTold() throws Exception {
    float[] several = new float[700 * 1024];
    several[300 * 1024] = -2;
    several[699 * 1024] = 3;

    assertThat(vectorRange(SampleTables.table(700, 1024, several))).isEqualTo("-2.0 to 3.0");
    assertThat(vectorRange(SampleTables.table(1, 3, new float[] {1, Float.NaN, 2})))
        .isEqualTo("null to null");
  }

  private String vectorRange(SceneTable table) throws Exception {
    try (ResultSet column =
        duckdb.executeQuery(
            "SELECT stats_min, stats_max FROM parquet_metadata("
                + write(table)
                + ") WHERE path_in_schema = 'embeddings, list, element'")) {
      column.next();
      return column.getString(1) + " to " + column.getString(2);
    }
  }

  @Test
  void theBoxCoversThePolygon() throws Exception {
    String file = write(SampleTables.table(ROWS, DIM));

    try (ResultSet rows =
        duckdb.executeQuery(
            "SELECT count(*) FROM "
                + file
                + " WHERE bbox.xmin < bbox.xmax AND bbox.ymin < bbox.ymax"
                + " AND bbox.xmin BETWEEN -99.2 AND -99.1 AND bbox.ymax BETWEEN 47.0 AND 47.1")) {
      rows.next();
      assertThat(rows.getInt(1)).isEqualTo(ROWS);
    }
  }

  @Test
  void footerHoldsTheGeoKey() throws Exception {
    String file = write(SampleTables.table(ROWS, DIM));

    try (ResultSet rows =
        duckdb.executeQuery(
            "SELECT value FROM parquet_kv_metadata(" + file + ") WHERE key = 'geo'::BLOB")) {
      rows.next();
      Blob value = rows.getBlob(1);
      String json = new String(value.getBytes(1, (int) value.length()), StandardCharsets.UTF_8);
      assertThat(JsonMapper.shared().readTree(json).get("version").stringValue())
          .isEqualTo("1.1.0");
    }
  }

  @Test
  void aFileWithoutRowsIsAnEmptyTableOfTheSameTypes() throws Exception {
    List<String> withRows = columnTypes(write(SampleTables.table(ROWS, DIM)));
    String file = write(SampleTables.table(0, DIM));

    assertThat(columnTypes(file)).isEqualTo(withRows);
    try (ResultSet rows = duckdb.executeQuery("SELECT * FROM " + file)) {
      assertThat(rows.next()).isFalse();
    }
  }

  private List<String> columnTypes(String file) throws SQLException {
    List<String> types = new ArrayList<>();
    try (ResultSet rows = duckdb.executeQuery("DESCRIBE SELECT * FROM " + file)) {
      while (rows.next()) {
        types.add(rows.getString("column_name") + " " + rows.getString("column_type"));
      }
    }
    return types;
  }

  private static String polygon(Blob wkb) throws SQLException, ParseException {
    return new WKBReader().read(wkb.getBytes(1, (int) wkb.length())).toText();
  }
}
