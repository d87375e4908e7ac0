package dev.kiln.dataset.merge;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * What decides how the rows of a dataset are divided into files; recorded in the dataset, so that
 * later merges and the jobs of an array agree.
 *
 * @param version of the format
 * @param cellDegrees edge of a cell by platform
 * @param fileBytes size that files aim at
 * @param rowGroupRows largest number of rows of a row group
 * @param duplicates which of several chips of the same place are kept
 * @param mixed whether partitions are divided by model
 */
record Layout(
    int version,
    Map<String, Double> cellDegrees,
    long fileBytes,
    int rowGroupRows,
    Duplicates.Policy duplicates,
    boolean mixed) {

  private static final Logger log = LoggerFactory.getLogger(Layout.class);
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String KEY = "_kiln/dataset.json";
  private static final int VERSION = 2;
  private static final long FILE_BYTES = 512L << 20;
  private static final int ROW_GROUP_ROWS = 2048;

  /** The largest partition should not have more than this when cells are chosen. */
  private static final long PARTITION_BYTES = 1L << 30;

  private static final long PARTITION_ROWS = 4_000_000;

  /** Sorts the platforms. */
  Layout {
    cellDegrees = Collections.unmodifiableMap(new TreeMap<>(cellDegrees));
  }

  CellGrid grid(String platform) {
    return new CellGrid(cellDegrees.get(platform));
  }

  /**
   * Returns the layout of a dataset, and records it if it is new.
   *
   * @throws ConfigurationException if the dataset has another layout than the options ask for
   */
  static Layout of(ObjectStore dataset, MergeOptions options, List<Source> sources)
      throws IOException {
    Layout recorded = read(dataset);
    if (recorded != null) {
      recorded.requireSame(options, dataset.root());
    }
    Map<String, Double> degrees = new TreeMap<>(recorded == null ? Map.of() : recorded.cellDegrees);
    for (String platform : sources.stream().map(Source::platform).distinct().sorted().toList()) {
      if (!degrees.containsKey(platform)) {
        double chosen = options.cellDegrees().orElseGet(() -> choose(platform, sources));
        log.info("cells: platform={} degrees={}", platform, chosen);
        degrees.put(platform, chosen);
      }
    }
    Layout layout =
        recorded == null
            ? new Layout(
                VERSION,
                degrees,
                options.fileBytes().orElse(FILE_BYTES),
                options.rowGroupRows().orElse(ROW_GROUP_ROWS),
                options.duplicates().map(Layout::policy).orElse(Duplicates.Policy.KEEP),
                options.allowMixed())
            : recorded.withCells(degrees);
    if (!layout.equals(recorded)) {
      dataset.put(KEY, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(layout));
    }
    return layout;
  }

  private Layout withCells(Map<String, Double> degrees) {
    return new Layout(version, degrees, fileBytes, rowGroupRows, duplicates, mixed);
  }

  private static Duplicates.Policy policy(String name) {
    return Duplicates.Policy.valueOf(name.toUpperCase(Locale.ROOT));
  }

  private static Layout read(ObjectStore dataset) throws IOException {
    try {
      return JSON.readValue(dataset.read(KEY), Layout.class);
    } catch (NoSuchFileException e) {
      return null;
    } catch (JacksonException e) {
      throw new ConfigurationException(
          dataset.uri(KEY) + ": expected the layout of a dataset, found other content", e);
    }
  }

  private void requireSame(MergeOptions options, String root) {
    if (version != VERSION) {
      throw different(root, "version of the format", VERSION, version);
    }
    options
        .cellDegrees()
        .ifPresent(
            d ->
                cellDegrees.values().stream()
                    .filter(found -> found != d)
                    .findFirst()
                    .ifPresent(
                        found -> {
                          throw different(root, "--cell", d, found);
                        }));
    options.fileBytes().ifPresent(b -> require(root, "--file-size in bytes", b, fileBytes));
    options.rowGroupRows().ifPresent(r -> require(root, "--row-group", r, rowGroupRows));
    options.duplicates().ifPresent(d -> require(root, "--duplicates", policy(d), duplicates));
    if (options.allowMixed() && !mixed) {
      throw different(root, "--allow-mixed", true, false);
    }
  }

  private static void require(String root, String option, Object expected, Object found) {
    if (!expected.equals(found)) {
      throw different(root, option, expected, found);
    }
  }

  private static ConfigurationException different(
      String root, String option, Object expected, Object found) {
    return new ConfigurationException(
        "%s: %s: expected %s, found a dataset with %s: leave the option out, or merge into another directory"
            .formatted(root, option, expected, found));
  }

  /** Returns the largest cells whose partitions are not too large. */
  private static double choose(String platform, List<Source> sources) {
    for (double degrees : CellGrid.SIZES) {
      CellGrid grid = new CellGrid(degrees);
      Map<String, Long> bytes = new HashMap<>();
      Map<String, Long> rows = new HashMap<>();
      for (Source source : sources) {
        if (source.platform().equals(platform)) {
          double lon = source.bounds().centre().getX();
          double lat = source.bounds().centre().getY();
          if (!source.centres().isEmpty()) {
            lon = source.centres().get(0)[0];
            lat = source.centres().get(0)[1];
          }
          String partition = source.firstYear() + grid.name(grid.at(lon, lat));
          bytes.merge(partition, source.bytes(), Long::sum);
          rows.merge(partition, source.rows(), Long::sum);
        }
      }
      if (bytes.values().stream().allMatch(b -> b <= PARTITION_BYTES)
          && rows.values().stream().allMatch(r -> r <= PARTITION_ROWS)) {
        return degrees;
      }
    }
    return CellGrid.SIZES.get(CellGrid.SIZES.size() - 1);
  }
}
