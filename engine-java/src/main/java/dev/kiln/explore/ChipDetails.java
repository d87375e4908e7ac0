package dev.kiln.explore;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.RowRef;
import dev.kiln.error.ConfigurationException;
import dev.kiln.picture.ColoredChips;
import dev.kiln.sink.ColumnCursor;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.ParquetBytes;
import java.io.IOException;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Columns of single chips that {@link ColoredChips} does not keep, read from the files when they
 * are needed. Keeps the last ones that were read. Safe for use by several threads.
 */
final class ChipDetails {
  private static final Logger log = LoggerFactory.getLogger(ChipDetails.class);
  private static final int CACHED = 20_000;
  private static final int DEFAULT_CHIP_SIZE = 256;

  /**
   * A chip.
   *
   * @param chipId id of the chip
   * @param itemId id of its scene
   * @param gsd metres per pixel; NaN if unknown
   * @param x column in the chip grid; -1 if unknown
   * @param y row in the chip grid; -1 if unknown
   * @param nodata share of pixels without data; NaN if unknown
   * @param uri where its archive stores the scene; empty if unknown
   * @param chipSize edge of the chip in pixels
   * @param stride distance between chips of the grid in pixels
   * @param within whether the last column and row of chips are moved inward, to the edge of the
   *     scene
   */
  record Details(
      String chipId,
      String itemId,
      double gsd,
      int x,
      int y,
      double nodata,
      String uri,
      int chipSize,
      int stride,
      boolean within) {}

  private final EmbeddingFiles files;
  private final Map<RowRef, Details> cache =
      Collections.synchronizedMap(
          new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<RowRef, Details> eldest) {
              return size() > CACHED;
            }
          });

  ChipDetails(EmbeddingFiles files) {
    this.files = files;
  }

  /**
   * Reads chips. One that is no longer where it was when the server started, or whose file cannot
   * be read, is missing from the result.
   */
  Map<RowRef, Details> of(Collection<RowRef> refs) {
    Map<RowRef, Details> found = new HashMap<>();
    Map<Integer, TreeSet<Long>> missing = new TreeMap<>();
    for (RowRef ref : refs) {
      Details cached = cache.get(ref);
      if (cached == null) {
        missing.computeIfAbsent(ref.file(), f -> new TreeSet<>()).add(ref.row());
      } else {
        found.put(ref, cached);
      }
    }
    for (Map.Entry<Integer, TreeSet<Long>> entry : missing.entrySet()) {
      try {
        read(entry.getKey(), entry.getValue(), found);
      } catch (IOException | ConfigurationException e) {
        log.warn("cannot read chips: file={} {}", files.name(entry.getKey()), e.toString());
      }
    }
    return found;
  }

  private void read(int index, TreeSet<Long> rows, Map<RowRef, Details> found) throws IOException {
    try (ParquetBytes bytes = files.open(index)) {
      EmbeddingFile file = EmbeddingFile.open(bytes);
      long first = 0;
      for (int g = 0; g < file.rowGroups(); g++) {
        long end = first + file.rows(g);
        List<Long> wanted = List.copyOf(rows.subSet(first, end));
        if (!wanted.isEmpty()) {
          read(file, g, wanted, index, first, found);
        }
        first = end;
      }
    }
  }

  private void read(
      EmbeddingFile file,
      int group,
      List<Long> rows,
      int index,
      long first,
      Map<RowRef, Details> found) {
    Row row = new Row(file, group, first);
    Map<String, String> footer = file.footer();
    int[] layout = layout(footer.getOrDefault("emb", ""));
    boolean within = isShifted(footer.getOrDefault("kiln", ""));
    String uri = footer.getOrDefault("uri", "");
    for (long at : rows) {
      Details details =
          new Details(
              row.text("chip_id", at),
              row.text("item_id", at),
              row.number("gsd", at),
              row.integer("chip_x", at),
              row.integer("chip_y", at),
              row.number("nodata", at),
              file.has("uri") ? row.text("uri", at) : uri,
              layout[0],
              layout[1],
              within);
      RowRef ref = new RowRef(index, at);
      cache.put(ref, details);
      found.put(ref, details);
    }
  }

  /** Reads the edge and the stride of chips from the fields of the STAC Embedding extension. */
  private static int[] layout(String emb) {
    try {
      JsonNode layout = JsonMapper.shared().readTree(emb.isEmpty() ? "{}" : emb);
      layout = layout.path("emb:chip_layout");
      int size = layout.path("chip_size").path(0).asInt(DEFAULT_CHIP_SIZE);
      return new int[] {size, layout.path("stride").path(0).asInt(size)};
    } catch (JacksonException e) {
      return new int[] {DEFAULT_CHIP_SIZE, DEFAULT_CHIP_SIZE};
    }
  }

  /** Returns whether chips were embedded with {@code --edge shift}. */
  private static boolean isShifted(String kiln) {
    try {
      JsonNode made = JsonMapper.shared().readTree(kiln.isEmpty() ? "{}" : kiln);
      return made.path("options").path("edge").asString("").equals("shift");
    } catch (JacksonException e) {
      return false;
    }
  }

  /** Values of ascending rows of a row group. */
  private static final class Row {
    private final EmbeddingFile file;
    private final int group;
    private final long first;
    private final Map<String, ColumnCursor> cursors = new HashMap<>();
    private final Map<String, Long> next = new HashMap<>();

    Row(EmbeddingFile file, int group, long first) {
      this.file = file;
      this.group = group;
      this.first = first;
    }

    private ColumnCursor at(String column, long row) {
      ColumnCursor cursor = cursors.computeIfAbsent(column, c -> file.cursor(c, group));
      cursor.skip(row - next.getOrDefault(column, first));
      next.put(column, row + 1);
      return cursor;
    }

    String text(String column, long row) {
      return file.has(column) ? at(column, row).nextText() : "";
    }

    double number(String column, long row) {
      return file.has(column) ? at(column, row).nextDouble() : Double.NaN;
    }

    int integer(String column, long row) {
      double value = number(column, row);
      return value >= 0 ? (int) value : -1;
    }
  }
}
