package dev.kiln.inspect;

import dev.kiln.error.Printable;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.FileColumn;
import java.util.List;
import java.util.Locale;

/** An {@link Inspection} formatted for a terminal. */
final class InspectionText {
  private static final int FOOTER_WIDTH = 400;
  private static final int VALUE_WIDTH = 48;

  private final StringBuilder out = new StringBuilder();

  private InspectionText() {}

  static String of(Inspection inspection) {
    InspectionText text = new InspectionText();
    text.file(inspection);
    text.columns(inspection);
    text.footer(inspection.file());
    inspection
        .vectors()
        .ifPresentOrElse(
            text::vectors,
            () -> text.line("no vectors: no list<float> column named embeddings or embedding"));
    return text.out.toString();
  }

  private void file(Inspection inspection) {
    EmbeddingFile file = inspection.file();
    line("%s", file.name());
    line("  rows     %,d (row groups: %,d)", file.rows(), file.rowGroups());
    line("  bytes    %,d (columns compressed %.2f : 1)", file.bytes(), inspection.ratio());
    line("  writer   %s", file.createdBy());
    List<String> times = inspection.times().stream().distinct().toList();
    line("  times    %s", times.isEmpty() ? "none" : String.join(" to ", times));
    line("");
  }

  private void columns(Inspection inspection) {
    List<FileColumn> columns = inspection.columns();
    int path = columns.stream().mapToInt(c -> Printable.of(c.path()).length()).max().orElse(0);
    int type = columns.stream().mapToInt(c -> Printable.of(type(c)).length()).max().orElse(0);
    line("columns, with bytes in the file, compression and first value");
    for (FileColumn c : columns) {
      line(
          "  %-" + path + "s  %-" + type + "s  %,11d  %6.2f : 1  %s",
          c.path(),
          type(c),
          c.compressedBytes(),
          c.compressedBytes() == 0 ? 1 : (double) c.bytes() / c.compressedBytes(),
          cut(inspection.firstValues().getOrDefault(c.path(), ""), VALUE_WIDTH));
    }
    line("");
  }

  private static String type(FileColumn column) {
    return column.type() + (column.nullable() ? " or null" : "");
  }

  private void footer(EmbeddingFile file) {
    line("footer");
    int key =
        file.footer().keySet().stream().mapToInt(k -> Printable.of(k).length()).max().orElse(0);
    file.footer().forEach((k, v) -> line("  %-" + key + "s  %s", k, cut(v, FOOTER_WIDTH)));
    file.keysWithoutValue().forEach(k -> line("  %-" + key + "s  null", k));
    line("");
  }

  private void vectors(VectorStatistics v) {
    line("vectors");
    line("  count    %,d of %,d values each", v.count(), v.dim());
    if (v.count() == 0) {
      return;
    }
    line("  norm     %.6g to %.6g, mean %.6g", v.minNorm(), v.maxNorm(), v.meanNorm());
    line("  values   mean %.6g, standard deviation %.6g", v.mean(), v.deviation());
    line("  invalid  %,d NaN, %,d infinite", v.nan(), v.infinite());
    line("  cosine   between the first %d", v.cosines().size());
    for (List<Double> row : v.cosines()) {
      StringBuilder cells = new StringBuilder();
      row.forEach(cosine -> cells.append(String.format(Locale.ROOT, "  %9.6f", cosine)));
      line("%s", cells);
    }
  }

  private static String cut(String value, int width) {
    String safe = Printable.of(value);
    return safe.length() <= width ? safe : safe.substring(0, width - 1) + "…";
  }

  /** Adds a line. Text from the file is escaped: it could forge lines or control a terminal. */
  private void line(String format, Object... values) {
    Object[] safe = values.clone();
    for (int i = 0; i < safe.length; i++) {
      safe[i] = safe[i] instanceof String text ? Printable.of(text) : safe[i];
    }
    out.append(String.format(Locale.ROOT, format, safe).stripTrailing()).append('\n');
  }
}
