package dev.kiln.sink;

import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import dev.kiln.error.ConfigurationException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;

/**
 * Writes one scene as GeoParquet 1.1: one row per chip, zstd. Row groups are written as they come,
 * so that memory depends on the size of a row group and not of the scene. The same row groups give
 * the same bytes.
 *
 * <p>Columns are written with parquet-java's column writers directly: every column is required, so
 * values need no levels, and neither a record model nor Hadoop's Configuration is needed. The
 * vectors, which have levels, are written by {@link VectorPages}.
 */
public final class GeoParquetWriter implements AutoCloseable {
  /** With byte-split vectors, level 1 is faster and smaller than the default level 3. */
  private static final int ZSTD_LEVEL = 1;

  private static final ParquetProperties PROPERTIES = ParquetProperties.builder().build();

  private final SceneInfo scene;
  private final VectorColumns vectors;
  private final MessageType schema;
  private final Provenance provenance;
  private final StreamFile file;
  private final ParquetFileWriter writer;
  private final SceneBounds bounds = new SceneBounds();

  /**
   * Starts a file.
   *
   * @param scene what all rows share
   * @param provenance model and options, for the footer
   * @param out receives the file front to back; borrowed
   * @throws IOException if {@code out} fails
   */
  public GeoParquetWriter(SceneInfo scene, Provenance provenance, OutputStream out)
      throws IOException {
    this(scene, VectorColumns.PLAIN, provenance, out);
  }

  /**
   * Starts a file.
   *
   * @param scene what all rows share
   * @param vectors which vectors the file has
   * @param provenance model and options, for the footer
   * @param out receives the file front to back; borrowed
   * @throws IOException if {@code out} fails
   */
  public GeoParquetWriter(
      SceneInfo scene, VectorColumns vectors, Provenance provenance, OutputStream out)
      throws IOException {
    this.scene = scene;
    this.vectors = vectors;
    this.schema = SceneSchema.of(vectors);
    this.provenance = provenance;
    this.file = new StreamFile(out);
    this.writer =
        new ParquetFileWriter(
            file,
            schema,
            ParquetFileWriter.Mode.CREATE,
            ParquetWriter.DEFAULT_BLOCK_SIZE,
            ParquetWriter.MAX_PADDING_SIZE_DEFAULT,
            null,
            PROPERTIES);
    writer.start();
  }

  /**
   * Loads the native libraries that writing needs, so that a run fails before its work if one is
   * missing.
   *
   * @throws ConfigurationException if one cannot be loaded
   */
  public static void requireLibraries() {
    ZstdPages.load();
  }

  /**
   * {@return the bytes of the whole file of a small scene, with one row group}
   *
   * @param table chips and embeddings of the scene
   * @param provenance written to the footer
   */
  public static byte[] toBytes(SceneTable table, Provenance provenance) {
    ByteArrayOutputStream bytes =
        new ByteArrayOutputStream(Math.multiplyExact(table.embeddings().length, 4) + 65536);
    try (GeoParquetWriter writer = new GeoParquetWriter(table.info(), provenance, bytes)) {
      writer.write(table.rows());
      writer.finish(table.decisions());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write Parquet to memory", e);
    }
    return bytes.toByteArray();
  }

  /**
   * Writes a row group; none if there are no rows.
   *
   * @param rows chips and their vectors
   * @throws IOException if the output fails
   */
  public void write(ChipRows rows) throws IOException {
    int perChip = Math.max(1, vectors.patchGrid() * vectors.patchGrid());
    requireLength(rows, rows.embeddings(), perChip);
    requireLength(rows, rows.means(), vectors.mean() ? 1 : 0);
    if (rows.size() == 0) {
      return;
    }
    try (ColumnChunkPageWriteStore pages = ZstdPages.open(schema, ZSTD_LEVEL);
        ColumnWriteStore columns = PROPERTIES.newColumnWriteStore(writtenByValue(), pages, pages)) {
      Row row = new Row(columns);
      VectorWriter embeddings = vectorWriter(SceneSchema.VECTORS);
      VectorWriter means = vectorWriter(SceneSchema.MEANS);
      for (int i = 0; i < rows.size() * perChip; i++) {
        row.write(rows.chips().get(i / perChip), i % perChip);
        if (vectors.type() == VectorType.INT8) {
          embeddings.writeInt8(columns, rows.embeddings(), i);
          if (vectors.mean()) {
            means.writeInt8(columns, rows.means(), i);
          }
        }
        columns.endRecord();
      }
      writer.startBlock((long) rows.size() * perChip);
      columns.flush();
      embeddings.writePages(pages, rows.embeddings());
      if (vectors.mean()) {
        means.writePages(pages, rows.means());
      }
      pages.flushToFileWriter(writer);
      writer.endBlock();
    }
  }

  private void requireLength(ChipRows rows, float[] values, int vectorsPerChip) {
    long expected = (long) rows.size() * vectorsPerChip * scene.dim();
    if (values.length != expected) {
      throw new IllegalArgumentException(
          "%s: expected %d chips x %d vectors x %d values, found %d values"
              .formatted(scene.itemId(), rows.size(), vectorsPerChip, scene.dim(), values.length));
    }
  }

  private VectorWriter vectorWriter(String name) {
    return new VectorWriter(schema, name, vectors.type(), scene.dim());
  }

  /**
   * Returns the columns that parquet-java encodes value by value: all but floating-point vectors.
   */
  private MessageType writtenByValue() {
    return vectors.type() == VectorType.INT8
        ? schema
        : new MessageType(
            schema.getName(),
            schema.getFields().stream()
                .filter(f -> !f.getName().equals(SceneSchema.VECTORS))
                .filter(f -> !f.getName().equals(SceneSchema.MEANS))
                .toList());
  }

  /**
   * Writes the footer; nothing can be written after it.
   *
   * @param decisions decisions that changed the vectors, by name
   * @throws IOException if the output fails
   */
  public void finish(Map<String, String> decisions) throws IOException {
    writer.end(FooterKeys.of(scene, vectors, bounds, decisions, provenance));
  }

  /** {@return the number of bytes written} */
  public long bytes() {
    return file.bytes();
  }

  /** Frees what the writer holds; a file without its footer is not one. */
  @Override
  public void close() throws IOException {
    writer.close();
  }

  /** Column writers, one per leaf column except the vectors. */
  private final class Row {
    private final ColumnWriteStore columns;
    private final ColumnWriter chipId;
    private final ColumnWriter itemId;
    private final ColumnWriter platform;
    private final ColumnWriter datetime;
    private final ColumnWriter gsd;
    private final ColumnWriter chipX;
    private final ColumnWriter chipY;
    private final ColumnWriter cloud;
    private final ColumnWriter nodata;
    private final ColumnWriter uri;
    private final ColumnWriter model;
    private final ColumnWriter geometry;
    private final ColumnWriter xmin;
    private final ColumnWriter ymin;
    private final ColumnWriter xmax;
    private final ColumnWriter ymax;

    Row(ColumnWriteStore columns) {
      this.columns = columns;
      this.chipId = column("chip_id");
      this.itemId = column("item_id");
      this.platform = column("platform");
      this.datetime = column("datetime");
      this.gsd = column("gsd");
      this.chipX = column("chip_x");
      this.chipY = column("chip_y");
      this.cloud = column("cloud");
      this.nodata = column("nodata");
      this.uri = column("uri");
      this.model = column("model");
      this.geometry = column(SceneSchema.GEOMETRY);
      this.xmin = column(SceneSchema.BBOX, "xmin");
      this.ymin = column(SceneSchema.BBOX, "ymin");
      this.xmax = column(SceneSchema.BBOX, "xmax");
      this.ymax = column(SceneSchema.BBOX, "ymax");
    }

    private ColumnWriter column(String... path) {
      return columns.getColumnWriter(schema.getColumnDescription(path));
    }

    /**
     * Writes the values of a row besides its vectors.
     *
     * @param patch index of the patch in the grid of the chip; 0 for a chip
     */
    void write(Chip chip, int patch) {
      String id = scene.itemId() + "-" + chip.x() + "-" + chip.y();
      Footprint footprint = chip.footprint();
      int grid = vectors.patchGrid();
      if (grid > 0) {
        int x = patch % grid;
        int y = patch / grid;
        id += "-" + x + "-" + y;
        footprint = footprint.cell(grid, x, y);
        column("patch_x").write(x, 0, 0);
        column("patch_y").write(y, 0, 0);
      }
      text(chipId, id);
      text(itemId, scene.itemId());
      text(platform, scene.platform());
      datetime.write(ChronoUnit.MICROS.between(Instant.EPOCH, scene.datetime()), 0, 0);
      gsd.write((float) scene.gsd(), 0, 0);
      chipX.write(chip.x(), 0, 0);
      chipY.write(chip.y(), 0, 0);
      cloud.write(chip.cloud(), 0, 0);
      nodata.write(chip.nodata(), 0, 0);
      text(uri, scene.uri());
      text(model, provenance.modelHash());
      geometry.write(Binary.fromConstantByteArray(footprint.wkb()), 0, 0);
      Geometry shape = footprint.geometry();
      bounds.add(shape);
      Envelope bbox = shape.getEnvelopeInternal();
      xmin.write(bbox.getMinX(), 0, 0);
      ymin.write(bbox.getMinY(), 0, 0);
      xmax.write(bbox.getMaxX(), 0, 0);
      ymax.write(bbox.getMaxY(), 0, 0);
    }

    private static void text(ColumnWriter column, String value) {
      column.write(Binary.fromString(value), 0, 0);
    }
  }
}
