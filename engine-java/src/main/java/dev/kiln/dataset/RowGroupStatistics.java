package dev.kiln.dataset;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.sink.EmbeddingFile;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.GeometryFactory;

/** Compares what the footer of a file records of its columns with a filter. */
final class RowGroupStatistics {
  private static final GeometryFactory WGS84 = new GeometryFactory();

  private RowGroupStatistics() {}

  /**
   * Checks that a file has the columns that a filter needs.
   *
   * @throws ConfigurationException if one is missing
   */
  static void requireColumns(EmbeddingFile file, RowFilter filter) {
    require(file, RowGroupReader.DATETIME, filter.from().isPresent() || filter.to().isPresent());
    // A file without the column has rows of an unknown platform, which has no name.
    require(
        file,
        RowGroupReader.PLATFORM,
        !filter.platforms().isEmpty() && !filter.platforms().contains(""));
    require(file, RowGroupReader.CLOUD, filter.maxCloud().isPresent());
    require(file, RowGroupReader.NODATA, filter.maxNodata().isPresent());
    require(file, RowGroupReader.CHIP_ID, !filter.chipIds().isEmpty());
    require(file, RowGroupReader.BOX.get(0), filter.area().isPresent());
  }

  private static void require(EmbeddingFile file, String column, boolean needed) {
    if (needed && !file.has(column)) {
      throw new ConfigurationException(
          Mismatch.of(file.name(), "a column " + column + ", which the filter needs", "none"));
    }
  }

  /** Returns whether the statistics of a row group allow rows that meet a filter. */
  static boolean mayMeet(EmbeddingFile file, int rowGroup, RowFilter filter) {
    RowFilter.Test test = filter.test();
    boolean times =
        file.range(RowGroupReader.DATETIME, rowGroup)
            .map(r -> r.meets(test.fromMicros(), test.toMicros()))
            .orElse(true);
    return times
        && mayBeInArea(file, rowGroup, filter)
        && mayBeLow(file, rowGroup, RowGroupReader.CLOUD, filter.maxCloud().orElse(1))
        && mayBeLow(file, rowGroup, RowGroupReader.NODATA, filter.maxNodata().orElse(1))
        && mayContain(file, rowGroup, RowGroupReader.PLATFORM, filter.platforms())
        && mayContain(file, rowGroup, RowGroupReader.CHIP_ID, filter.chipIds());
  }

  private static boolean mayBeInArea(EmbeddingFile file, int rowGroup, RowFilter filter) {
    if (filter.area().isEmpty()) {
      return true;
    }
    double[] box = {-180, -90, 180, 90};
    for (int side = 0; side < 4; side++) {
      int at = side;
      file.range(RowGroupReader.BOX.get(side), rowGroup)
          .ifPresent(range -> box[at] = at < 2 ? range.min() : range.max());
    }
    Envelope bounds = new Envelope(box[0], box[2], box[1], box[3]);
    return filter.area().get().intersects(WGS84.toGeometry(bounds));
  }

  private static boolean mayBeLow(EmbeddingFile file, int rowGroup, String column, double max) {
    return max >= 1 || file.range(column, rowGroup).map(r -> r.meets(0, max)).orElse(true);
  }

  private static boolean mayContain(
      EmbeddingFile file, int rowGroup, String column, Set<String> texts) {
    // Statistics do not cover missing texts, which are read as empty.
    return texts.isEmpty()
        || texts.contains("")
        || file.textRange(column, rowGroup)
            .map(
                range ->
                    texts.stream()
                        .anyMatch(t -> range.mayContain(t.getBytes(StandardCharsets.UTF_8))))
            .orElse(true);
  }
}
