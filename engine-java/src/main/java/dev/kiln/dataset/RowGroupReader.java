package dev.kiln.dataset;

import dev.kiln.error.ConfigurationException;
import dev.kiln.sink.ColumnCursor;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.SceneSchema;
import dev.kiln.sink.VectorCursor;
import dev.kiln.vector.NativeVectors;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.io.ParseException;
import org.locationtech.jts.io.WKBReader;

/**
 * Reads the wanted rows of one row group in batches. Used by one thread.
 *
 * <p>Methods that read throw {@link ConfigurationException} with the name of the file if it is
 * damaged.
 */
final class RowGroupReader {
  static final String CHIP_ID = "chip_id";
  static final String PLATFORM = "platform";
  static final String DATETIME = "datetime";
  static final String CLOUD = "cloud";
  static final String NODATA = "nodata";

  /** West, south, east, north. */
  static final List<String> BOX = List.of("bbox.xmin", "bbox.ymin", "bbox.xmax", "bbox.ymax");

  private static final String ITEM_ID = "item_id";
  private static final GeometryFactory WGS84 = new GeometryFactory();

  private final int fileIndex;
  private final EmbeddingFile file;
  private final String key;
  private final int rowGroup;
  private final long firstRow;
  private final RowFilter filter;
  private final Set<Column> columns;

  /** Rows of the row group that are wanted; null for those that meet the filter. */
  private final BitSet wanted;

  private final Map<String, ColumnCursor> cursors = new HashMap<>();
  private final WKBReader wkb = new WKBReader(WGS84);
  private final VectorCursor vectors;
  private long left;
  private long next;
  private long notFinite;

  /**
   * Creates a reader of the rows that meet a filter, or of some rows.
   *
   * @param key of the file
   * @param firstRow position of the row group's first row in the file
   * @param wanted rows of the row group that are wanted; null for those that meet the filter
   */
  RowGroupReader(
      int fileIndex,
      EmbeddingFile file,
      String key,
      int rowGroup,
      long firstRow,
      RowFilter filter,
      Set<Column> columns,
      BitSet wanted) {
    this.fileIndex = fileIndex;
    this.file = file;
    this.key = key;
    this.rowGroup = rowGroup;
    this.firstRow = firstRow;
    this.filter = filter;
    this.columns = columns;
    this.wanted = wanted;
    this.left = wanted == null ? file.rows(rowGroup) : wanted.length();
    this.vectors = columns.contains(Column.VECTOR) && left > 0 ? file.vectorCursor(rowGroup) : null;
  }

  /** Returns the number of wanted rows that were left out because of their vector. */
  long notFinite() {
    return notFinite;
  }

  /** Returns the length of a vector; 0 without vectors. */
  int dim() {
    return vectors == null ? 0 : vectors.dim();
  }

  /**
   * Reads up to a number of rows and returns the wanted ones of them; empty after the last row.
   *
   * @param max number of rows, wanted or not
   */
  Optional<EmbeddingBatch> read(int max) {
    int n = (int) Math.min(max, left);
    if (n == 0) {
      return Optional.empty();
    }
    Rows rows = new Rows(n);
    rows.read();
    next += n;
    left -= n;
    return Optional.of(rows.batch());
  }

  private ColumnCursor cursor(String column) {
    return cursors.computeIfAbsent(column, c -> file.cursor(c, rowGroup));
  }

  /** The next rows of the row group. */
  private final class Rows {
    private final int n;
    private final boolean[] keep;
    private String[] chipIds = {};
    private String[] itemIds = {};
    private String[] platforms = {};
    private long[] micros = {};
    private double[] boxes = {};
    private byte[][] footprints = {};
    private float[] cloud = {};
    private float[] nodata = {};
    private float[] values = {};
    private float[] norms = {};

    Rows(int n) {
      this.n = n;
      this.keep = new boolean[n];
      for (int i = 0; i < n; i++) {
        keep[i] = wanted == null || wanted.get(Math.toIntExact(next + i));
      }
    }

    void read() {
      boolean filtered = wanted == null;
      if (columns.contains(Column.IDS)) {
        chipIds = texts(CHIP_ID, true);
        itemIds = texts(ITEM_ID, false);
        platforms = texts(PLATFORM, false);
      } else if (filtered) {
        chipIds = filter.chipIds().isEmpty() ? chipIds : texts(CHIP_ID, true);
        platforms = filter.platforms().isEmpty() ? platforms : texts(PLATFORM, false);
      }
      boolean timed = filtered && (filter.from().isPresent() || filter.to().isPresent());
      if (columns.contains(Column.DATETIME) || timed) {
        micros = times();
      }
      boolean inArea = filtered && filter.area().isPresent();
      if (columns.contains(Column.BOX) || inArea) {
        readBoxes();
      }
      boolean shares = columns.contains(Column.SHARES);
      if (shares || filtered && filter.maxCloud().isPresent()) {
        cloud = shares(CLOUD);
      }
      if (shares || filtered && filter.maxNodata().isPresent()) {
        nodata = shares(NODATA);
      }
      if (filtered) {
        applyFilter();
      }
      if (columns.contains(Column.FOOTPRINT) || inArea) {
        readFootprints(inArea);
      }
      if (vectors != null) {
        readVectors();
      }
    }

    private String[] texts(String column, boolean required) {
      String[] texts = new String[n];
      if (!file.has(column)) {
        for (int i = 0; i < n; i++) {
          texts[i] = required ? key + "#" + (firstRow + next + i) : "";
        }
        return texts;
      }
      ColumnCursor cursor = cursor(column);
      for (int i = 0; i < n; i++) {
        texts[i] = cursor.nextText();
      }
      return texts;
    }

    private long[] times() {
      long[] times = new long[n];
      if (!file.has(DATETIME)) {
        Arrays.fill(times, EmbeddingBatch.NO_TIME);
        return times;
      }
      ColumnCursor cursor = cursor(DATETIME);
      for (int i = 0; i < n; i++) {
        times[i] = cursor.nextMicros(EmbeddingBatch.NO_TIME);
      }
      return times;
    }

    private float[] shares(String column) {
      float[] shares = new float[n];
      if (!file.has(column)) {
        Arrays.fill(shares, Float.NaN);
        return shares;
      }
      ColumnCursor cursor = cursor(column);
      for (int i = 0; i < n; i++) {
        shares[i] = (float) cursor.nextDouble();
      }
      return shares;
    }

    private void readBoxes() {
      boxes = new double[4 * n];
      for (int side = 0; side < 4; side++) {
        if (!file.has(BOX.get(side))) {
          Arrays.fill(boxes, Double.NaN);
          return;
        }
        ColumnCursor cursor = cursor(BOX.get(side));
        for (int i = 0; i < n; i++) {
          boxes[4 * i + side] = cursor.nextDouble();
        }
      }
    }

    private void applyFilter() {
      RowFilter.Test test = filter.test();
      for (int i = 0; i < n; i++) {
        keep[i] &= test.meets(new RowView(i));
      }
    }

    /** A row as the filter sees it. */
    private final class RowView implements RowFilter.Row {
      private final int i;

      RowView(int i) {
        this.i = i;
      }

      @Override
      public String chipId() {
        return chipIds[i];
      }

      @Override
      public String platform() {
        return platforms[i];
      }

      @Override
      public long micros() {
        return micros[i];
      }

      @Override
      public float cloud() {
        return cloud[i];
      }

      @Override
      public float nodata() {
        return nodata[i];
      }

      @Override
      public Envelope box() {
        return Rows.this.box(i);
      }
    }

    private Envelope box(int i) {
      return new Envelope(boxes[4 * i], boxes[4 * i + 2], boxes[4 * i + 1], boxes[4 * i + 3]);
    }

    private void readFootprints(boolean inArea) {
      boolean stored = file.has(SceneSchema.GEOMETRY);
      footprints = new byte[n][];
      for (int i = 0; i < n; i++) {
        footprints[i] = new byte[0];
        if (!keep[i]) {
          if (stored) {
            cursor(SceneSchema.GEOMETRY).skip(1);
          }
          continue;
        }
        if (stored) {
          footprints[i] = cursor(SceneSchema.GEOMETRY).nextBytes();
        }
        if (inArea) {
          keep[i] = filter.area().get().intersects(outline(i));
        }
      }
    }

    private Geometry outline(int i) {
      if (footprints[i].length == 0) {
        return WGS84.toGeometry(box(i));
      }
      try {
        return wkb.read(footprints[i]);
      } catch (ParseException | IllegalArgumentException e) {
        throw new ConfigurationException(
            "%s: row %d: geometry is not WKB: %s"
                .formatted(file.name(), firstRow + next + i, e.getMessage()),
            e);
      }
    }

    /** Reads the vectors of the rows that are kept, one after the other, and drops bad ones. */
    private void readVectors() {
      int kept = 0;
      for (boolean k : keep) {
        kept += k ? 1 : 0;
      }
      int dim = vectors.dim();
      values = new float[Math.multiplyExact(kept, dim)];
      norms = new float[kept];
      for (int i = 0, at = 0; i < n; ) {
        int run = i;
        while (run < n && keep[run] == keep[i]) {
          run++;
        }
        if (keep[i]) {
          vectors.read(values, at, run - i);
          at += run - i;
        } else {
          vectors.skip(run - i);
        }
        i = run;
      }
      if (dim > 0) {
        NativeVectors.norms(values, kept, dim, norms);
      } else {
        Arrays.fill(norms, Float.NaN);
      }
      int good = 0;
      for (int i = 0, at = 0; i < n; i++) {
        if (!keep[i]) {
          continue;
        }
        if (Float.isFinite(norms[at])) {
          if (good < at) {
            System.arraycopy(values, at * dim, values, good * dim, dim);
            norms[good] = norms[at];
          }
          good++;
        } else {
          keep[i] = false;
          notFinite++;
        }
        at++;
      }
      if (good < kept) {
        values = Arrays.copyOf(values, good * dim);
        norms = Arrays.copyOf(norms, good);
      }
    }

    EmbeddingBatch batch() {
      int[] kept = new int[n];
      int size = 0;
      for (int i = 0; i < n; i++) {
        if (keep[i]) {
          kept[size++] = i;
        }
      }
      int[] from = Arrays.copyOf(kept, size);
      long[] rows = new long[size];
      for (int i = 0; i < size; i++) {
        rows[i] = firstRow + next - n + from[i];
      }
      boolean ids = columns.contains(Column.IDS);
      boolean shares = columns.contains(Column.SHARES);
      return new EmbeddingBatch(
          fileIndex,
          rows,
          ids ? pick(chipIds, from) : new String[0],
          ids ? pick(itemIds, from) : new String[0],
          ids ? pick(platforms, from) : new String[0],
          columns.contains(Column.DATETIME)
              ? Arrays.stream(from).mapToLong(i -> micros[i]).toArray()
              : new long[0],
          columns.contains(Column.BOX)
              ? Arrays.stream(from)
                  .flatMap(i -> IntStream.range(4 * i, 4 * i + 4))
                  .mapToDouble(i -> boxes[i])
                  .toArray()
              : new double[0],
          columns.contains(Column.FOOTPRINT)
              ? Arrays.stream(from).mapToObj(i -> footprints[i]).toArray(byte[][]::new)
              : new byte[0][],
          shares ? pick(cloud, from) : new float[0],
          shares ? pick(nodata, from) : new float[0],
          dim(),
          values,
          norms);
    }

    private static String[] pick(String[] values, int[] from) {
      return Arrays.stream(from).mapToObj(i -> values[i]).toArray(String[]::new);
    }

    private static float[] pick(float[] values, int[] from) {
      float[] picked = new float[from.length];
      for (int i = 0; i < from.length; i++) {
        picked[i] = values[from[i]];
      }
      return picked;
    }
  }
}
