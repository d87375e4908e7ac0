package dev.kiln.dataset;

import dev.kiln.error.ConfigurationException;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.SceneSchema;
import dev.kiln.sink.VectorCursor;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
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
  private final long firstRow;
  private final RowFilter filter;
  private final Set<Column> columns;

  /** Rows of the row group that are wanted; null for those that meet the filter. */
  private final BitSet wanted;

  private final ColumnArrays arrays;
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
    this.arrays = new ColumnArrays(file, rowGroup);
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
    private ChipOrigins origins = ChipOrigins.NONE;
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
      boolean ids = columns.contains(Column.IDS);
      if (ids || filtered && !filter.chipIds().isEmpty()) {
        long first = firstRow + next;
        chipIds = arrays.texts(CHIP_ID, n, i -> key + "#" + (first + i));
      }
      if (ids || filtered && !filter.platforms().isEmpty()) {
        platforms = arrays.texts(PLATFORM, n, i -> "");
      }
      if (ids) {
        itemIds = arrays.texts(ITEM_ID, n, i -> "");
      }
      boolean timed = filtered && (filter.from().isPresent() || filter.to().isPresent());
      if (columns.contains(Column.DATETIME) || timed) {
        micros = arrays.times(DATETIME, n);
      }
      boolean inArea = filtered && filter.area().isPresent();
      if (columns.contains(Column.BOX) || inArea) {
        boxes = arrays.boxes(n);
      }
      boolean shares = columns.contains(Column.SHARES);
      if (shares || filtered && filter.maxCloud().isPresent()) {
        cloud = arrays.floats(CLOUD, n);
      }
      if (shares || filtered && filter.maxNodata().isPresent()) {
        nodata = arrays.floats(NODATA, n);
      }
      if (columns.contains(Column.ORIGIN)) {
        origins = arrays.origins(n);
      }
      if (filtered) {
        applyFilter();
      }
      if (columns.contains(Column.FOOTPRINT) || inArea) {
        readFootprints(inArea);
      }
      if (vectors != null) {
        KeptVectors kept = KeptVectors.read(vectors, keep);
        values = kept.values();
        norms = kept.norms();
        notFinite += kept.notFinite();
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
            arrays.cursor(SceneSchema.GEOMETRY).skip(1);
          }
          continue;
        }
        if (stored) {
          footprints[i] = arrays.cursor(SceneSchema.GEOMETRY).nextBytes();
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
          columns.contains(Column.ORIGIN) ? origins.pick(from) : origins,
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
