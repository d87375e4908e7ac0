package dev.kiln.benchmarks;

import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.GeoParquetWriter;
import dev.kiln.sink.Provenance;
import dev.kiln.sink.SceneInfo;
import dev.kiln.sink.SceneTable;
import dev.kiln.sink.ValueRange;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.locationtech.jts.geom.Envelope;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Measures {@code kiln merge} on made-up output: time, peak memory, sizes of files and row groups,
 * the share of bytes that a small area needs, a merge of nothing new, and one of a few new files.
 *
 * <p>{@code java -cp … dev.kiln.benchmarks.MergeScale DIRECTORY FILES ROWS_PER_FILE DIM HEAP
 * [once]}; the directory gets the output, the dataset and {@code result.json}. With {@code once},
 * all files are merged at once, and not again.
 */
public final class MergeScale {
  /** Edge of a chip, about that of 256 pixels of 0.6 m. */
  private static final double CHIP_DEGREES = 0.002;

  private static final double AREA_DEGREES = 0.02;
  private static final int AREAS = 200;
  private static final Pattern CELL = Pattern.compile("cell=([NS])([0-9.]+)([EW])([0-9.]+)");

  private final Path out;
  private final Path dataset;
  private final int files;
  private final int edge;
  private final int dim;
  private final String heap;

  private MergeScale(Path directory, int files, int rows, int dim, String heap) {
    this.out = directory.resolve("out");
    this.dataset = directory.resolve("dataset");
    this.files = files;
    this.edge = (int) Math.round(Math.sqrt(rows));
    this.dim = dim;
    this.heap = heap;
  }

  /** Runs the measurement. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Locale.setDefault(Locale.ROOT);
    MergeScale scale =
        new MergeScale(
            Path.of(arguments[0]),
            Integer.parseInt(arguments[1]),
            Integer.parseInt(arguments[2]),
            Integer.parseInt(arguments[3]),
            arguments[4]);
    ObjectNode result = scale.run(arguments.length > 5 && arguments[5].equals("once"));
    String json = JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(result);
    Files.writeString(Path.of(arguments[0]).resolve("result.json"), json + "\n");
    System.out.println(json);
  }

  private ObjectNode run(boolean once) throws IOException, InterruptedException {
    ObjectNode result = JsonMapper.shared().createObjectNode();
    result.put("files", files).put("rows", (long) files * edge * edge).put("dim", dim);
    result.put("heap", heap);
    int added = once ? 0 : Math.max(1, files / 1000);
    long start = System.nanoTime();
    write(0, files - added);
    result.put("generate_seconds", (System.nanoTime() - start) / 1e9);
    result.put("input_bytes", bytes(out));
    merge(result.putObject("merge"));
    if (!once) {
      merge(result.putObject("merge_of_nothing_new"));
      write(files - added, files);
      merge(result.putObject("merge_of_new_files").put("new_files", added));
    }
    describe(result);
    return result;
  }

  /** Writes scenes side by side, in a square of the size of some degrees, of two years. */
  private void write(int from, int to) {
    int side = (int) Math.ceil(Math.sqrt(files));
    Provenance provenance =
        new Provenance("0.2.0", "0".repeat(64), "large", "onednn", DataType.FP32, Map.of());
    IntStream.range(from, to)
        .parallel()
        .forEach(
            i -> {
              Path file = out.resolve(i / 1000 + "/scene-" + i + ".parquet");
              if (Files.exists(file)) {
                return;
              }
              try {
                Files.createDirectories(file.getParent());
                Files.write(
                    file,
                    GeoParquetWriter.toBytes(
                        scene(
                            i,
                            -100 + i % side * edge * CHIP_DEGREES,
                            45 - i / side * edge * CHIP_DEGREES),
                        provenance));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  private SceneTable scene(int number, double west, double north) {
    List<Chip> chips = new ArrayList<>();
    for (int y = 0; y < edge; y++) {
      for (int x = 0; x < edge; x++) {
        double left = west + x * CHIP_DEGREES;
        double top = north - y * CHIP_DEGREES;
        double right = left + CHIP_DEGREES;
        double bottom = top - CHIP_DEGREES;
        chips.add(
            new Chip(
                x,
                y,
                0,
                0,
                new Footprint(
                    new double[] {right, left, left, right},
                    new double[] {top, top, bottom, bottom})));
      }
    }
    Random random = new Random(number);
    float[] vectors = new float[chips.size() * dim];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = (float) random.nextGaussian();
    }
    return new SceneTable(
        new SceneInfo(
            "scene-" + number,
            "naip",
            Instant.parse(number % 2 == 0 ? "2020-07-16T12:00:00Z" : "2022-07-16T12:00:00Z"),
            0.6,
            "s3://archive/scene-" + number + ".tif",
            256,
            dim),
        chips,
        vectors);
  }

  private void merge(ObjectNode result) throws IOException, InterruptedException {
    KilnChild.Use use =
        KilnChild.run(heap, List.of("merge", out.toString(), "-o", dataset.toString()));
    if (use.exitCode() != 0) {
      throw new IllegalStateException("kiln merge: expected exit 0, found " + use.exitCode());
    }
    result.put("seconds", use.seconds()).put("cpu_seconds", use.cpuSeconds());
    result.put("peak_rss_bytes", use.peakRssBytes());
    result.set("rss_bytes", JsonMapper.shared().valueToTree(use.rssBytes()));
  }

  private static long bytes(Path directory) throws IOException {
    long sum = 0;
    for (Path file : parquet(directory)) {
      sum += Files.size(file);
    }
    return sum;
  }

  private static List<Path> parquet(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      return paths.filter(p -> p.toString().endsWith(".parquet")).sorted().toList();
    }
  }

  private record Group(Path file, Envelope box, long bytes) {}

  private void describe(ObjectNode result) throws IOException {
    List<Group> groups = new ArrayList<>();
    Map<Path, Long> footers = new HashMap<>();
    long rows = 0;
    long total = 0;
    long largest = 0;
    for (Path path : parquet(dataset)) {
      EmbeddingFile file = EmbeddingFile.open(path);
      rows += file.rows();
      total += file.bytes();
      largest = Math.max(largest, file.bytes());
      long data = file.columns().stream().mapToLong(c -> c.compressedBytes()).sum();
      footers.put(path, file.bytes() - data);
      for (int g = 0; g < file.rowGroups(); g++) {
        Envelope box =
            new Envelope(
                range(file, "bbox.xmin", g).min(),
                range(file, "bbox.xmax", g).max(),
                range(file, "bbox.ymin", g).min(),
                range(file, "bbox.ymax", g).max());
        groups.add(new Group(path, box, data * file.rows(g) / file.rows()));
      }
    }
    if (rows != (long) files * edge * edge) {
      throw new IllegalStateException("expected %d rows".formatted((long) files * edge * edge));
    }
    result.put("output_files", footers.size()).put("output_bytes", total);
    result.put("mean_file_bytes", total / footers.size()).put("largest_file_bytes", largest);
    result.put("row_groups", groups.size()).put("mean_row_group_bytes", total / groups.size());
    double side = Math.ceil(Math.sqrt(files)) * edge * CHIP_DEGREES;
    Random random = new Random(1);
    double read = 0;
    for (int i = 0; i < AREAS; i++) {
      double west = -100 + random.nextDouble() * (side - AREA_DEGREES);
      double south = 45 - random.nextDouble() * (side - AREA_DEGREES) - AREA_DEGREES;
      Envelope area = new Envelope(west, west + AREA_DEGREES, south, south + AREA_DEGREES);
      for (Map.Entry<Path, Long> footer : footers.entrySet()) {
        read += cellMeets(footer.getKey(), area) ? footer.getValue() : 0;
      }
      for (Group group : groups) {
        read += group.box().intersects(area) ? group.bytes() : 0;
      }
    }
    ObjectNode small = result.putObject("small_area");
    small.put("degrees", AREA_DEGREES).put("areas", AREAS);
    small.put("mean_bytes_read", (long) (read / AREAS)).put("share_of_bytes", read / AREAS / total);
    small.put("share_of_area", AREA_DEGREES * AREA_DEGREES / (side * side));
  }

  /** Whether the name of a partition can contain chips of an area, as a query engine prunes. */
  private static boolean cellMeets(Path file, Envelope area) {
    Matcher cell = CELL.matcher(file.toString());
    if (!cell.find()) {
      throw new IllegalStateException(file + ": expected a cell");
    }
    double south = Double.parseDouble(cell.group(2)) * (cell.group(1).equals("N") ? 1 : -1);
    double west = Double.parseDouble(cell.group(4)) * (cell.group(3).equals("E") ? 1 : -1);
    // The size of cells is not in the name; 1 degree is at least that of this measurement.
    return new Envelope(west, west + 1, south, south + 1).intersects(area);
  }

  private static ValueRange range(EmbeddingFile file, String column, int rowGroup) {
    return file.range(column, rowGroup).orElseThrow();
  }
}
