package dev.kiln.benchmarks;

import dev.kiln.model.Architecture;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Parser of oneDNN's trace of executed operations ({@code ONEDNN_VERBOSE=profile_exec}), to which
 * the encoder adds its own: comma-separated fields; the last two are shape and milliseconds.
 */
final class OneDnnTrace {
  private static final Pattern LINE =
      Pattern.compile("(onednn|kiln)_verbose,v1,primitive,exec,cpu,.*");
  private static final int KIND = 5;
  private static final int KERNEL = 6;
  private static final int TYPES = 8;

  /** Matrix products, whose work is counted in floating-point operations. */
  static final List<String> PRODUCTS =
      List.of("patch embedding", "qkv", "scores", "weighted sum", "out", "up", "down");

  /** Kiln's fused attention, in the place of three operations of oneDNN. */
  static final String ATTENTION = "attention";

  /** The operations that it replaces. */
  static final List<String> FUSED = List.of("scores", "softmax", "weighted sum");

  private static final String REST = "token 0 of the last block";

  /**
   * An executed operation.
   *
   * @param name role in the encoder
   * @param kernel oneDNN's name of the implementation
   * @param work floating-point operations, or bytes read and written
   * @param milliseconds execution time
   */
  record Run(String name, String kernel, double work, double milliseconds) {}

  private final Architecture model;
  private final long tokens;

  /**
   * Creates a parser.
   *
   * @param model architecture of the encoder
   * @param tokens tokens per chip
   */
  OneDnnTrace(Architecture model, long tokens) {
    this.model = model;
    this.tokens = tokens;
  }

  /** Returns the operations between two lines, by name. */
  Map<String, List<Run>> between(List<String> lines, String begin, String end) {
    return lines.stream()
        .dropWhile(line -> !line.startsWith(begin))
        .takeWhile(line -> !line.startsWith(end))
        .filter(line -> LINE.matcher(line).matches())
        .map(this::read)
        .collect(Collectors.groupingBy(Run::name));
  }

  private Run read(String line) {
    String[] fields = line.split(",");
    double milliseconds = Double.parseDouble(fields[fields.length - 1]);
    String[] shapes = fields[fields.length - 2].split(":");
    long[] first = shape(shapes[0]);
    if (fields[KIND].equals("matmul")) {
      long[] second = shape(shapes[1]);
      long columns = second[second.length - 1];
      double work = 2.0 * product(first) * columns;
      return new Run(product(first, columns), fields[KERNEL], work, milliseconds);
    }
    if (fields[KIND].equals(ATTENTION)) {
      // Two products of [queries, head size] and [keys, head size] per head.
      double work = 4.0 * first[0] * first[1] * shape(shapes[1])[1] * first[2];
      return new Run(first[1] == 1 ? REST : ATTENTION, fields[KERNEL], work, milliseconds);
    }
    // Compared with a copy of the same shape, which is a lower bound.
    double work = product(first) * (bytes(fields[TYPES], "src:") + bytes(fields[TYPES], "dst:"));
    boolean one = first[first.length - 2] == 1;
    String name = one ? REST : first.length == 2 ? "LayerNorm" : "softmax";
    return new Run(name, fields[KERNEL], work, milliseconds);
  }

  /** Returns the role of a matrix product, from its shape. */
  private String product(long[] rows, long columns) {
    long count = rows[rows.length - 2];
    if (count == 1) {
      return REST;
    }
    if (rows.length == 3) {
      return columns == tokens ? "scores" : "weighted sum";
    }
    if (count < tokens) {
      return "patch embedding";
    }
    if (columns == model.mlpDim()) {
      return "up";
    }
    // The last block computes no queries here.
    if (columns == 3L * model.inner() || columns == 2L * model.inner()) {
      return "qkv";
    }
    return rows[1] == model.mlpDim() ? "down" : "out";
  }

  private static long[] shape(String text) {
    return Arrays.stream(text.split("x")).mapToLong(Long::parseLong).toArray();
  }

  private static double product(long[] shape) {
    return Arrays.stream(shape).mapToDouble(n -> n).reduce(1, (a, b) -> a * b);
  }

  private static int bytes(String types, String which) {
    return types.startsWith("bf16", types.indexOf(which) + which.length()) ? 2 : 4;
  }
}
