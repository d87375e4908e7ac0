package dev.kiln.explore;

import dev.kiln.dataset.ChipOrigins;
import dev.kiln.dataset.Column;
import dev.kiln.dataset.EmbeddingBatch;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.EmbeddingReader;
import dev.kiln.dataset.ReadReport;
import dev.kiln.dataset.RowRef;
import dev.kiln.picture.ColoredChips;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
   * Reads chips. One that is no longer where it was when the server started, or whose file is
   * damaged, is missing from the result.
   *
   * @throws IOException if the dataset cannot be reached
   */
  Map<RowRef, Details> of(Collection<RowRef> refs) throws IOException, InterruptedException {
    Map<RowRef, Details> found = new HashMap<>();
    List<RowRef> missing = new ArrayList<>();
    for (RowRef ref : refs) {
      Details cached = cache.get(ref);
      if (cached == null) {
        missing.add(ref);
      } else {
        found.put(ref, cached);
      }
    }
    if (!missing.isEmpty()) {
      ReadReport report =
          EmbeddingReader.builder(files)
              .columns(EnumSet.of(Column.IDS, Column.SHARES, Column.ORIGIN))
              .build()
              .read(missing, batch -> add(batch, found));
      report.faults().forEach(f -> log.warn("cannot read chips: reason=\"{}\"", f.reason()));
    }
    return found;
  }

  private void add(EmbeddingBatch batch, Map<RowRef, Details> found) {
    ChipOrigins origins = batch.origins();
    int size = origins.chipSize() > 0 ? origins.chipSize() : DEFAULT_CHIP_SIZE;
    for (int i = 0; i < batch.size(); i++) {
      Details details =
          new Details(
              batch.chipIds()[i],
              batch.itemIds()[i],
              origins.gsd()[i],
              origins.chipX()[i],
              origins.chipY()[i],
              batch.nodata()[i],
              origins.uris()[i],
              size,
              origins.stride() > 0 ? origins.stride() : size,
              origins.within());
      cache.put(batch.ref(i), details);
      found.put(batch.ref(i), details);
    }
  }
}
