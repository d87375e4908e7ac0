package dev.kiln.dataset.merge;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.sink.ParquetBytes;
import dev.kiln.sink.RowBlock;
import dev.kiln.sink.RowFile;
import dev.kiln.sink.RowSchema;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.locationtech.jts.geom.Envelope;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the files of one partition: reads its sources one row group at a time, sorts the rows along
 * a Hilbert curve through the cell and writes them.
 *
 * <p>A record of the sort has what orders rows of one place (time, then chip id), the box and the
 * type of the geometry, and the packed row.
 */
final class CellMerge implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CellMerge.class);

  private static final int MULTIPOLYGON = 6;
  private static final int WKB_TYPE = 1;

  private final List<EmbeddingFiles> roots;
  private final Layout layout;
  private final MergePlan.Unit unit;
  private final CellGrid grid;
  private final Partition partition;
  private final RowSchema schema;
  private final Path scratch;
  private final RecordSort sort;

  private final List<String> failed = new ArrayList<>();
  private final CommonJson kiln = new CommonJson();
  private final CommonJson emb = new CommonJson();
  private double expectedBytes;
  private long duplicates;
  private long notFinite;
  private ByteBuffer record = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

  /**
   * Creates a merge.
   *
   * @param roots borrowed
   * @param scratch directory for temporary files of this merge alone
   * @param memory limit in bytes on the rows in memory
   */
  CellMerge(
      List<EmbeddingFiles> roots, Layout layout, MergePlan.Unit unit, Path scratch, int memory) {
    this.roots = roots;
    this.layout = layout;
    this.unit = unit;
    this.partition = unit.partition();
    this.grid = layout.grid(partition.platform());
    this.schema = MergedSchema.of(unit.sources().get(0).schema());
    this.scratch = scratch;
    this.sort = new RecordSort(scratch, memory);
  }

  /**
   * A file of the partition in the scratch directory.
   *
   * @param path of the file
   * @param rows of the file
   * @param rowGroups of the file
   */
  record Part(Path path, long rows, int rowGroups) {}

  /**
   * What was made.
   *
   * @param parts in the order of the curve
   * @param rows of all parts
   * @param duplicates rows that were left out
   * @param notFinite rows that were left out
   * @param failed keys of damaged sources
   * @param bounds of all rows in degrees, beyond 180 across the antimeridian; null without rows
   * @param firstMicros earliest time
   * @param lastMicros latest time
   * @param emb fields of the STAC Embedding extension that all sources share, JSON
   */
  record Result(
      List<Part> parts,
      long rows,
      long duplicates,
      long notFinite,
      List<String> failed,
      Envelope bounds,
      long firstMicros,
      long lastMicros,
      String emb) {}

  Result run() throws IOException {
    Duplicates known = layout.duplicates() == Duplicates.Policy.KEEP ? null : findDuplicates();
    for (Source source : unit.sources()) {
      add(source, known);
    }
    return write();
  }

  private interface RowUse {
    void accept(RowBlock block, int row, Place place) throws IOException;
  }

  /**
   * Calls {@code use} for every row of a source, after all of its columns were read without an
   * error; a damaged source has no rows.
   */
  private boolean forEachRow(Source source, boolean all, RowUse use) throws IOException {
    try (ParquetBytes opened = roots.get(source.root()).open(source.file());
        ParquetBytes bytes = all ? new SmallFile(opened) : opened) {
      RowFile file = RowFile.open(bytes);
      if (!file.footerHash().equals(source.footerHash())) {
        throw new IOException("the file changed while it was merged");
      }
      if (file.rowGroups() > 1) {
        // Nothing of a file may be used if its last row group is damaged.
        for (int g = 0; g < file.rowGroups(); g++) {
          file.read(g, bytes, path -> all || isSmall(path));
        }
      }
      for (int g = 0; g < file.rowGroups(); g++) {
        RowBlock block = file.read(g, bytes, path -> all || isSmall(path));
        for (int row = 0; row < block.rows(); row++) {
          use.accept(block, row, Place.of(block, row));
        }
      }
      return true;
    } catch (IOException e) {
      if (Faults.isOfTheStore(e)) {
        throw e;
      }
      log.error(
          "source cannot be read: file={} reason=\"{}\"",
          roots.get(source.root()).name(source.file()),
          Faults.reason(e));
      return false;
    }
  }

  private static boolean isSmall(String path) {
    return !path.contains(".list.");
  }

  private Duplicates findDuplicates() throws IOException {
    Envelope area = grid.envelope(partition.cell());
    Envelope near = new Envelope(area);
    near.expandBy(MergePlan.NEIGHBOURHOOD);
    Duplicates known = new Duplicates(layout.duplicates(), area);
    for (Source source : unit.rivals()) {
      forEachRow(
          source,
          false,
          (block, row, place) -> {
            if (near.contains(place.lon(), place.lat())) {
              known.add(place, rank(block, row));
            }
          });
    }
    return known;
  }

  private static Duplicates.Rank rank(RowBlock block, int row) {
    return new Duplicates.Rank(
        block.int64("datetime", row),
        block.float32("cloud", row) + block.float32("nodata", row),
        block.text("chip_id", row));
  }

  private void add(Source source, Duplicates known) throws IOException {
    long before = sort.records();
    List<ByteBuffer> added = addedColumns(source);
    boolean read =
        forEachRow(
            source,
            true,
            (block, row, place) -> {
              long micros = block.int64("datetime", row);
              if (!grid.at(place.lon(), place.lat()).equals(partition.cell())
                  || SourceScan.year(micros) != partition.year()) {
                return;
              }
              if (!block.isFinite(row)) {
                notFinite++;
              } else if (known != null && known.isDuplicate(place, rank(block, row))) {
                duplicates++;
              } else {
                add(block, row, place, micros, added);
              }
            });
    if (!read) {
      if (sort.records() != before) {
        throw new IOException(
            "%s: changed while it was read: merge again when nothing is written there"
                .formatted(source.key()));
      }
      failed.add(source.key());
    }
    long rows = sort.records() - before;
    if (rows > 0) {
      kiln.add(source.footer().kiln());
      emb.add(source.footer().emb());
      expectedBytes += (double) source.bytes() / source.rows() * rows;
    }
  }

  /** Returns the values of the columns that the source lacks, packed. */
  private static List<ByteBuffer> addedColumns(Source source) {
    List<ByteBuffer> added = new ArrayList<>();
    for (String name : MergedSchema.ADDED) {
      if (!source.schema().has(name)) {
        String value =
            name.equals("uri") ? source.footer().uri() : source.footer().signature().modelHash();
        byte[] text = value.getBytes(StandardCharsets.UTF_8);
        added.add(
            ByteBuffer.allocate(Integer.BYTES + text.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(text.length)
                .put(text)
                .flip());
      }
    }
    return added;
  }

  private void add(RowBlock block, int row, Place place, long micros, List<ByteBuffer> added)
      throws IOException {
    byte[] chipId = block.bytes("chip_id", row);
    int size = 64 + chipId.length + block.packedBytes(row);
    for (ByteBuffer value : added) {
      size += value.remaining();
    }
    if (record.capacity() < size) {
      record = ByteBuffer.allocate(size * 2).order(ByteOrder.LITTLE_ENDIAN);
    }
    record.clear();
    // Signed times in the order of unsigned bytes, then the id and a zero that ends it.
    record.order(ByteOrder.BIG_ENDIAN).putLong(micros ^ Long.MIN_VALUE);
    record.order(ByteOrder.LITTLE_ENDIAN).put(chipId).put((byte) 0);
    Envelope box = place.box();
    record.putDouble(box.getMinX()).putDouble(box.getMaxX());
    record.putDouble(box.getMinY()).putDouble(box.getMaxY());
    record.put(block.bytes("geometry", row)[WKB_TYPE]);
    block.pack(row, record);
    added.forEach(value -> record.put(value.duplicate()));
    // Chips whose boxes cover all longitudes come last, in row groups of their own.
    int key =
        place.crossing()
            ? CellGrid.AFTER_ALL
            : grid.hilbert(partition.cell(), place.lon(), place.lat());
    sort.add(key, record.flip());
  }

  private Result write() throws IOException {
    Summary summary = new Summary();
    List<Part> parts = new ArrayList<>();
    int count = (int) Math.max(1, Math.ceil(expectedBytes / layout.fileBytes()));
    long rowsPerPart = Math.max(1, (sort.records() + count - 1) / count);
    try (RecordSort.Cursor cursor = sort.sorted()) {
      boolean more = cursor.next();
      while (more) {
        Path path = scratch.resolve("part-" + parts.size() + ".parquet");
        try (PartWriter part = new PartWriter(path, schema, layout.rowGroupRows())) {
          while (more && part.rows() < rowsPerPart) {
            if (!summary.isRepeated(cursor)) {
              part.add(cursor.key(), summary.add(cursor.record()));
            }
            more = cursor.next();
          }
          part.finish(kiln.toString(), emb.toString());
          parts.add(new Part(path, part.rows(), part.rowGroups()));
        }
      }
    }
    if (parts.stream().mapToLong(Part::rows).sum() != summary.rows
        || summary.rows + summary.repeated != sort.records()) {
      throw new IllegalStateException(
          "%s: expected %d rows, wrote %d".formatted(partition.id(), sort.records(), summary.rows));
    }
    return new Result(
        parts,
        summary.rows,
        duplicates + summary.repeated,
        notFinite,
        failed,
        summary.bounds,
        summary.first,
        summary.last,
        emb.toString());
  }

  /** What is known of the rows written so far. */
  private final class Summary {
    private final Envelope bounds = new Envelope();
    private long first = Long.MAX_VALUE;
    private long last = Long.MIN_VALUE;
    private long rows;
    private long repeated;
    private int lastKey = -1;
    private byte[] lastId = new byte[0];

    /**
     * Returns whether a record has place, time and id of the last; only where these are resolved.
     */
    boolean isRepeated(RecordSort.Cursor cursor) {
      if (layout.duplicates() == Duplicates.Policy.KEEP) {
        return false;
      }
      ByteBuffer record = cursor.record();
      int length = idEnd(record) - record.position();
      byte[] id = new byte[length];
      record.get(id);
      boolean same = cursor.key() == lastKey && Arrays.equals(id, lastId);
      lastKey = cursor.key();
      lastId = id;
      repeated += same ? 1 : 0;
      return same;
    }

    PartWriter.Row add(ByteBuffer record) {
      long micros = record.order(ByteOrder.BIG_ENDIAN).getLong() ^ Long.MIN_VALUE;
      record.order(ByteOrder.LITTLE_ENDIAN);
      first = Math.min(first, micros);
      last = Math.max(last, micros);
      while (record.get() != 0) {
        // The id is also a column of the row.
      }
      Envelope box =
          new Envelope(
              record.getDouble(), record.getDouble(), record.getDouble(), record.getDouble());
      double turn = turn(box);
      bounds.expandToInclude(box.getMinX() + turn, box.getMinY());
      bounds.expandToInclude(box.getMaxX() + turn, box.getMaxY());
      rows++;
      return new PartWriter.Row(box, record.get() == MULTIPOLYGON, record);
    }

    /** Brings a box to the side of the antimeridian where its cell is. */
    private double turn(Envelope box) {
      double middle = grid.envelope(partition.cell()).centre().getX();
      return 360 * Math.rint((middle - box.centre().getX()) / 360);
    }

    private int idEnd(ByteBuffer record) {
      int at = record.position() + Long.BYTES;
      while (record.get(at) != 0) {
        at++;
      }
      return at;
    }
  }

  /** Returns the keys of all sources, for the state. */
  List<String> sourceKeys() {
    Set<String> keys = new TreeSet<>();
    unit.sources().forEach(s -> keys.add(s.key()));
    return List.copyOf(keys);
  }

  @Override
  public void close() throws IOException {
    sort.close();
  }
}
