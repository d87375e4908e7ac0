package dev.kiln.dataset;

import dev.kiln.sink.ColumnCursor;
import dev.kiln.sink.EmbeddingFile;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntFunction;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The columns of a row group as arrays of the next rows. Each column is read from where its last
 * read ended. What a file lacks is unknown. Used by one thread.
 */
final class ColumnArrays {
  private final EmbeddingFile file;
  private final int rowGroup;
  private final Map<String, ColumnCursor> cursors = new HashMap<>();

  ColumnArrays(EmbeddingFile file, int rowGroup) {
    this.file = file;
    this.rowGroup = rowGroup;
  }

  /** Returns the cursor of a column that the file has. */
  ColumnCursor cursor(String column) {
    return cursors.computeIfAbsent(column, c -> file.cursor(c, rowGroup));
  }

  /**
   * Returns texts.
   *
   * @param absent text of a row, from 0, in a file without the column
   */
  String[] texts(String column, int rows, IntFunction<String> absent) {
    String[] texts = new String[rows];
    boolean stored = file.has(column);
    for (int i = 0; i < rows; i++) {
      texts[i] = stored ? cursor(column).nextText() : absent.apply(i);
    }
    return texts;
  }

  /** Returns times in microseconds since 1970. */
  long[] times(String column, int rows) {
    long[] times = new long[rows];
    boolean stored = file.has(column);
    for (int i = 0; i < rows; i++) {
      times[i] =
          stored ? cursor(column).nextMicros(EmbeddingBatch.NO_TIME) : EmbeddingBatch.NO_TIME;
    }
    return times;
  }

  /** Returns numbers; NaN where there is none. */
  float[] floats(String column, int rows) {
    float[] values = new float[rows];
    boolean stored = file.has(column);
    for (int i = 0; i < rows; i++) {
      values[i] = stored ? (float) cursor(column).nextDouble() : Float.NaN;
    }
    return values;
  }

  /** Returns positions from 0; -1 where there is none. */
  private int[] positions(String column, int rows) {
    int[] values = new int[rows];
    boolean stored = file.has(column);
    for (int i = 0; i < rows; i++) {
      double value = stored ? cursor(column).nextDouble() : Double.NaN;
      values[i] = value >= 0 ? (int) value : -1;
    }
    return values;
  }

  /** Returns boxes {@code [rows, 4]}: west, south, east, north; NaN in a file without them. */
  double[] boxes(int rows) {
    double[] boxes = new double[4 * rows];
    if (!RowGroupReader.BOX.stream().allMatch(file::has)) {
      Arrays.fill(boxes, Double.NaN);
      return boxes;
    }
    for (int side = 0; side < 4; side++) {
      ColumnCursor cursor = cursor(RowGroupReader.BOX.get(side));
      for (int i = 0; i < rows; i++) {
        boxes[4 * i + side] = cursor.nextDouble();
      }
    }
    return boxes;
  }

  /** Returns where chips are in their scenes. */
  ChipOrigins origins(int rows) {
    Map<String, String> footer = file.footer();
    String uri = footer.getOrDefault("uri", "");
    JsonNode layout = json(footer.getOrDefault("emb", "{}")).path("emb:chip_layout");
    JsonNode options = json(footer.getOrDefault("kiln", "{}")).path("options");
    int size = layout.path("chip_size").path(0).asInt(0);
    return new ChipOrigins(
        texts("uri", rows, i -> uri),
        floats("gsd", rows),
        positions("chip_x", rows),
        positions("chip_y", rows),
        size,
        layout.path("stride").path(0).asInt(size),
        options.path("edge").asString("").equals("shift"));
  }

  private static JsonNode json(String footer) {
    try {
      return JsonMapper.shared().readTree(footer);
    } catch (JacksonException e) {
      return JsonMapper.shared().missingNode();
    }
  }
}
