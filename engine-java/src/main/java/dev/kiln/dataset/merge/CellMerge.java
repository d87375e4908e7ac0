package dev.kiln.dataset.merge;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.sink.RowBlock;
import dev.kiln.sink.RowSchema;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.locationtech.jts.geom.Envelope;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the files of one partition: reads its sources one row group at a time, sorts the rows along
 * a Hilbert curve through the cell and writes them. A source that turns out to be damaged leaves no
 * row.
 */
final class CellMerge implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CellMerge.class);

  private final List<EmbeddingFiles> roots;
  private final Layout layout;
  private final MergePlan.Unit unit;
  private final CellGrid grid;
  private final Partition partition;
  private final RowSchema schema;
  private final Path scratch;
  private final RecordSort sort;
  private final SourceRows sourceRows;
  private final RowRecord.Writer records = new RowRecord.Writer();

  private final Map<String, String> failed = new TreeMap<>();
  private final BitSet failedSources = new BitSet();
  private final CommonJson kiln = new CommonJson();
  private final CommonJson emb = new CommonJson();
  private double expectedBytes;
  private long failedRows;
  private long duplicates;
  private long notFinite;

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
    this.sourceRows = new SourceRows(roots);
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
   * @param failed reasons by key of damaged sources
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
      Map<String, String> failed,
      Envelope bounds,
      long firstMicros,
      long lastMicros,
      String emb) {}

  Result run() throws IOException, InterruptedException {
    Duplicates known = layout.duplicates() == Duplicates.Policy.KEEP ? null : findDuplicates();
    for (int i = 0; i < unit.sources().size(); i++) {
      add(i, known);
    }
    return write();
  }

  private Duplicates findDuplicates() throws IOException, InterruptedException {
    Envelope area = grid.envelope(partition.cell());
    Envelope near = new Envelope(area);
    near.expandBy(MergePlan.NEIGHBOURHOOD);
    Duplicates known = new Duplicates(layout.duplicates(), area);
    for (Source source : unit.rivals()) {
      // A damaged file is no reason to leave a row out.
      List<Place> places = new ArrayList<>();
      List<Duplicates.Rank> ranks = new ArrayList<>();
      Optional<String> fault =
          sourceRows.read(
              source,
              false,
              (block, found) -> {
                for (int row = 0; row < block.rows(); row++) {
                  if (near.contains(found.get(row).lon(), found.get(row).lat())) {
                    places.add(found.get(row));
                    ranks.add(rank(block, row));
                  }
                }
              });
      if (fault.isPresent()) {
        fail(source, fault.get());
        continue;
      }
      for (int i = 0; i < places.size(); i++) {
        known.add(places.get(i), ranks.get(i));
      }
    }
    return known;
  }

  private static Duplicates.Rank rank(RowBlock block, int row) {
    return new Duplicates.Rank(
        block.int64("datetime", row),
        block.float32("cloud", row) + block.float32("nodata", row),
        block.text("chip_id", row));
  }

  private void fail(Source source, String reason) {
    if (failed.put(source.key(), reason) == null) {
      log.error(
          "source cannot be read: file={} reason=\"{}\"",
          roots.get(source.root()).name(source.file()),
          reason);
    }
  }

  /** What a source adds to the partition. */
  private final class Added {
    private final int number;
    private final Duplicates known;
    private final List<ByteBuffer> columns;
    private long rows;
    private long duplicates;
    private long notFinite;

    Added(int number, Duplicates known) {
      this.number = number;
      this.known = known;
      this.columns = addedColumns(unit.sources().get(number));
    }

    void add(RowBlock block, List<Place> places) throws IOException {
      for (int row = 0; row < block.rows(); row++) {
        Place place = places.get(row);
        if (!grid.at(place.lon(), place.lat()).equals(partition.cell())
            || SourceScan.year(block.int64("datetime", row)) != partition.year()) {
          continue;
        }
        if (!block.isFinite(row)) {
          notFinite++;
        } else if (known != null && known.isDuplicate(place, rank(block, row))) {
          duplicates++;
        } else {
          // Chips whose boxes cover all longitudes come last, in row groups of their own.
          int key =
              place.crossing()
                  ? CellGrid.AFTER_ALL
                  : grid.hilbert(partition.cell(), place.lon(), place.lat());
          sort.add(key, records.of(block, row, place, columns, number));
          rows++;
        }
      }
    }
  }

  private void add(int number, Duplicates known) throws IOException, InterruptedException {
    Source source = unit.sources().get(number);
    Added added = new Added(number, known);
    Optional<String> fault = sourceRows.read(source, true, added::add);
    if (fault.isPresent()) {
      fail(source, fault.get());
      failedSources.set(number);
      failedRows += added.rows;
      return;
    }
    duplicates += added.duplicates;
    notFinite += added.notFinite;
    if (added.rows > 0) {
      kiln.add(source.footer().kiln());
      emb.add(source.footer().emb());
      expectedBytes += (double) source.bytes() / source.rows() * added.rows;
    }
  }

  /** Returns the values of the columns that the source lacks, packed. */
  private static List<ByteBuffer> addedColumns(Source source) {
    List<ByteBuffer> added = new ArrayList<>();
    for (String name : MergedSchema.ADDED) {
      if (!source.schema().has(name)) {
        String value =
            name.equals("uri")
                ? source.footer().uri()
                : source.footer().signature().model().modelHash();
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

  private Result write() throws IOException {
    Summary summary = new Summary();
    List<Part> parts = new ArrayList<>();
    int count = (int) Math.max(1, Math.ceil(expectedBytes / layout.fileBytes()));
    long rowsPerPart = Math.max(1, (sort.records() - failedRows + count - 1) / count);
    try (RecordSort.Cursor cursor = sort.sorted()) {
      boolean more = summary.advance(cursor);
      while (more) {
        Path path = scratch.resolve("part-" + parts.size() + ".parquet");
        try (PartWriter part = new PartWriter(path, schema, layout.rowGroupRows())) {
          while (more && part.rows() < rowsPerPart) {
            part.add(cursor.key(), summary.add(cursor.record()));
            more = summary.advance(cursor);
          }
          part.finish(kiln.toString(), emb.toString());
          parts.add(new Part(path, part.rows(), part.rowGroups()));
        }
      }
    }
    if (parts.stream().mapToLong(Part::rows).sum() != summary.rows
        || summary.rows + summary.repeated + failedRows != sort.records()) {
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

    /** Advances to the next record to write; returns whether there is one. */
    boolean advance(RecordSort.Cursor cursor) throws IOException {
      while (cursor.next()) {
        if (!failedSources.get(RowRecord.source(cursor.record())) && !isRepeated(cursor)) {
          return true;
        }
      }
      return false;
    }

    /**
     * Returns whether a record has place, time and id of the last; only where these are resolved.
     */
    private boolean isRepeated(RecordSort.Cursor cursor) {
      if (layout.duplicates() == Duplicates.Policy.KEEP) {
        return false;
      }
      byte[] id = RowRecord.timeAndId(cursor.record());
      boolean same = cursor.key() == lastKey && Arrays.equals(id, lastId);
      lastKey = cursor.key();
      lastId = id;
      repeated += same ? 1 : 0;
      return same;
    }

    PartWriter.Row add(ByteBuffer record) {
      long micros = RowRecord.micros(record);
      first = Math.min(first, micros);
      last = Math.max(last, micros);
      PartWriter.Row row = RowRecord.row(record);
      Envelope box = row.box();
      double turn = turn(box);
      bounds.expandToInclude(box.getMinX() + turn, box.getMinY());
      bounds.expandToInclude(box.getMaxX() + turn, box.getMaxY());
      rows++;
      return row;
    }

    /** Brings a box to the side of the antimeridian where its cell is. */
    private double turn(Envelope box) {
      double middle = grid.envelope(partition.cell()).centre().getX();
      return 360 * Math.rint((middle - box.centre().getX()) / 360);
    }
  }

  /** Returns the keys of all files that were read, for the state. */
  List<String> sourceKeys() {
    Set<String> keys = new TreeSet<>();
    unit.sources().forEach(s -> keys.add(s.key()));
    unit.rivals().forEach(s -> keys.add(s.key()));
    return List.copyOf(keys);
  }

  @Override
  public void close() throws IOException {
    sort.close();
  }
}
