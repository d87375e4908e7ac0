package dev.kiln.inspect;

import dev.kiln.error.ConfigurationException;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.FileColumn;
import dev.kiln.sink.SceneSchema;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.locationtech.jts.io.ParseException;
import org.locationtech.jts.io.WKBReader;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The contents of an {@link EmbeddingFile}: schema, rows, footer and statistics of its vectors, as
 * text and as JSON.
 *
 * @param file the inspected file
 * @param columns its schema
 * @param firstValues value of the first row by column, as text; only columns with one value per row
 * @param times earliest and latest value of {@code datetime} or {@code date}; empty without them
 * @param vectors statistics of the vectors; empty if the file has no column of vectors
 */
public record Inspection(
    EmbeddingFile file,
    List<FileColumn> columns,
    Map<String, String> firstValues,
    List<String> times,
    Optional<VectorStatistics> vectors) {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final List<String> TIME_COLUMNS = List.of("datetime", "date");

  /**
   * Reads a whole file, one row group at a time.
   *
   * @throws ConfigurationException if it is not a Parquet file, is truncated or is damaged
   */
  public static Inspection of(Path path) {
    return of(EmbeddingFile.open(path));
  }

  /**
   * Reads a whole file, one row group at a time.
   *
   * @param file wherever it is stored; borrowed
   * @throws ConfigurationException if it is damaged
   */
  public static Inspection of(EmbeddingFile file) {
    return new Inspection(
        file,
        file.columns(),
        firstValuesOf(file),
        timesOf(file),
        file.vectorColumn().map(column -> statisticsOf(file)));
  }

  private static VectorStatistics statisticsOf(EmbeddingFile file) {
    VectorStatistics.Accumulator accumulator = new VectorStatistics.Accumulator();
    try {
      for (int g = 0; g < file.rowGroups(); g++) {
        accumulator.add(file.vectors(g));
      }
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(file.name() + ": " + e.getMessage(), e);
    }
    return accumulator.statistics();
  }

  private static Map<String, String> firstValuesOf(EmbeddingFile file) {
    Map<String, String> values = new LinkedHashMap<>();
    OptionalInt first =
        IntStream.range(0, file.rowGroups()).filter(g -> file.rows(g) > 0).findFirst();
    if (first.isPresent()) {
      for (FileColumn column : file.columns()) {
        if (!column.repeated()) {
          List<Object> rows = file.values(column.path(), first.getAsInt());
          values.put(column.path(), textOf(column.path(), rows.get(0)));
        }
      }
    }
    return values;
  }

  private static List<String> timesOf(EmbeddingFile file) {
    List<String> paths =
        file.columns().stream().filter(c -> !c.repeated()).map(FileColumn::path).toList();
    List<String> times =
        TIME_COLUMNS.stream()
            .filter(paths::contains)
            .findFirst()
            .map(file::values)
            .orElse(List.of())
            .stream()
            .filter(Objects::nonNull)
            .map(Object::toString)
            .sorted()
            .toList();
    return times.isEmpty() ? List.of() : List.of(times.get(0), times.get(times.size() - 1));
  }

  private static String textOf(String column, Object value) {
    if (!(value instanceof byte[] bytes)) {
      return String.valueOf(value);
    }
    try {
      return column.equals(SceneSchema.GEOMETRY)
          ? new WKBReader().read(bytes).toText()
          : bytes.length + " bytes";
    } catch (ParseException | IllegalArgumentException e) {
      return bytes.length + " bytes, not WKB";
    }
  }

  /** Returns the compression ratio of the columns: uncompressed to compressed bytes. */
  public double ratio() {
    long compressed = columns.stream().mapToLong(FileColumn::compressedBytes).sum();
    long bytes = columns.stream().mapToLong(FileColumn::bytes).sum();
    return compressed == 0 ? 1 : (double) bytes / compressed;
  }

  /** Returns the inspection as lines of text. */
  public String text() {
    return InspectionText.of(this);
  }

  /** Returns the inspection as one JSON object; footer values that are JSON are embedded. */
  public String json() {
    ObjectNode root = JSON.createObjectNode();
    root.put("file", file.name());
    root.put("bytes", file.bytes());
    root.put("rows", file.rows());
    root.put("row_groups", file.rowGroups());
    root.put("created_by", file.createdBy());
    root.put("compression_ratio", ratio());
    root.set("times", JSON.valueToTree(times));
    for (FileColumn column : columns) {
      ObjectNode node = root.withArray("columns").addObject();
      node.put("path", column.path());
      node.put("type", column.type());
      node.put("nullable", column.nullable());
      node.set("codecs", JSON.valueToTree(column.codecs()));
      node.set("encodings", JSON.valueToTree(column.encodings()));
      node.put("compressed_bytes", column.compressedBytes());
      node.put("bytes", column.bytes());
      node.put("first_value", firstValues.get(column.path()));
    }
    ObjectNode footer = root.putObject("footer");
    file.footer().forEach((key, value) -> footer.set(key, jsonOrText(value)));
    file.keysWithoutValue().forEach(footer::putNull);
    vectors.ifPresent(v -> put(v, root.putObject("vectors")));
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root);
  }

  private static JsonNode jsonOrText(String value) {
    if (value.startsWith("{")) {
      try {
        return JSON.readTree(value);
      } catch (JacksonException e) {
        return JSON.stringNode(value);
      }
    }
    return JSON.stringNode(value);
  }

  private void put(VectorStatistics v, ObjectNode node) {
    node.put("column", file.vectorColumn().orElseThrow());
    node.put("count", v.count());
    node.put("dim", v.dim());
    node.put("nan", v.nan());
    node.put("infinite", v.infinite());
    node.put("norm_min", finiteOrNull(v.minNorm()));
    node.put("norm_mean", finiteOrNull(v.meanNorm()));
    node.put("norm_max", finiteOrNull(v.maxNorm()));
    node.put("mean", finiteOrNull(v.mean()));
    node.put("deviation", finiteOrNull(v.deviation()));
    node.set(
        "cosines",
        JSON.valueToTree(
            v.cosines().stream()
                .map(row -> row.stream().map(Inspection::finiteOrNull).toList())
                .toList()));
  }

  /** JSON has no NaN. */
  private static Double finiteOrNull(double value) {
    return Double.isFinite(value) ? value : null;
  }
}
