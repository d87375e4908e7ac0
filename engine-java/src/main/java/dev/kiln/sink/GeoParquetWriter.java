package dev.kiln.sink;

import dev.kiln.chip.Chip;
import dev.kiln.error.ConfigurationException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.locationtech.jts.geom.Envelope;

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
    this.scene = scene;
    this.provenance = provenance;
    this.file = new StreamFile(out);
    this.writer =
        new ParquetFileWriter(
            file,
            SceneSchema.MESSAGE,
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
   * @param rows chips and {@code [chips, dim]} embeddings
   * @throws IOException if the output fails
   */
  public void write(ChipRows rows) throws IOException {
    if (rows.embeddings().length != Math.multiplyExact(rows.size(), scene.dim())) {
      throw new IllegalArgumentException(
          "%s: expected %d chips x %d values, found %d values"
              .formatted(scene.itemId(), rows.size(), scene.dim(), rows.embeddings().length));
    }
    if (rows.size() == 0) {
      return;
    }
    ZstdPages zstd = new ZstdPages(ZSTD_LEVEL);
    try (ColumnChunkPageWriteStore pages =
            ColumnChunkPageWriteStore.builder()
                .withSchema(SceneSchema.MESSAGE)
                .withAllocator(HeapByteBufferAllocator.getInstance())
                .withCompressorProvider(column -> zstd)
                .withPageWriteChecksumEnabled(PROPERTIES.getPageWriteChecksumEnabled())
                .build();
        ColumnWriteStore columns =
            PROPERTIES.newColumnWriteStore(SceneSchema.BUT_VECTORS, pages, pages)) {
      Row row = new Row(columns);
      for (Chip chip : rows.chips()) {
        row.write(scene, chip);
        columns.endRecord();
        bounds.add(chip);
      }
      writer.startBlock(rows.size());
      columns.flush();
      ColumnDescriptor vectors =
          SceneSchema.MESSAGE.getColumnDescription(SceneSchema.VECTOR_ELEMENT.split("\\."));
      new VectorPages(vectors, pages.getPageWriter(vectors), HeapByteBufferAllocator.getInstance())
          .write(rows.embeddings(), scene.dim());
      pages.flushToFileWriter(writer);
      writer.endBlock();
    }
  }

  /**
   * Writes the footer; nothing can be written after it.
   *
   * @param decisions decisions that changed the vectors, by name
   * @throws IOException if the output fails
   */
  public void finish(Map<String, String> decisions) throws IOException {
    writer.end(FooterKeys.of(scene, bounds, decisions, provenance));
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
  private static final class Row {
    private final ColumnWriter chipId;
    private final ColumnWriter itemId;
    private final ColumnWriter platform;
    private final ColumnWriter datetime;
    private final ColumnWriter gsd;
    private final ColumnWriter chipX;
    private final ColumnWriter chipY;
    private final ColumnWriter cloud;
    private final ColumnWriter nodata;
    private final ColumnWriter geometry;
    private final ColumnWriter xmin;
    private final ColumnWriter ymin;
    private final ColumnWriter xmax;
    private final ColumnWriter ymax;

    Row(ColumnWriteStore columns) {
      this.chipId = column(columns, "chip_id");
      this.itemId = column(columns, "item_id");
      this.platform = column(columns, "platform");
      this.datetime = column(columns, "datetime");
      this.gsd = column(columns, "gsd");
      this.chipX = column(columns, "chip_x");
      this.chipY = column(columns, "chip_y");
      this.cloud = column(columns, "cloud");
      this.nodata = column(columns, "nodata");
      this.geometry = column(columns, SceneSchema.GEOMETRY);
      this.xmin = column(columns, SceneSchema.BBOX, "xmin");
      this.ymin = column(columns, SceneSchema.BBOX, "ymin");
      this.xmax = column(columns, SceneSchema.BBOX, "xmax");
      this.ymax = column(columns, SceneSchema.BBOX, "ymax");
    }

    private static ColumnWriter column(ColumnWriteStore columns, String... path) {
      return columns.getColumnWriter(SceneSchema.MESSAGE.getColumnDescription(path));
    }

    void write(SceneInfo scene, Chip chip) {
      text(chipId, scene.itemId() + "-" + chip.x() + "-" + chip.y());
      text(itemId, scene.itemId());
      text(platform, scene.platform());
      datetime.write(ChronoUnit.MICROS.between(Instant.EPOCH, scene.datetime()), 0, 0);
      gsd.write((float) scene.gsd(), 0, 0);
      chipX.write(chip.x(), 0, 0);
      chipY.write(chip.y(), 0, 0);
      cloud.write(chip.cloud(), 0, 0);
      nodata.write(chip.nodata(), 0, 0);
      geometry.write(Binary.fromConstantByteArray(chip.footprint().wkb()), 0, 0);
      Envelope bbox = chip.footprint().geometry().getEnvelopeInternal();
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
