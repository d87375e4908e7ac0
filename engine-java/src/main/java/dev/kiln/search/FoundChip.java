package dev.kiln.search;

import dev.kiln.dataset.EmbeddingBatch;
import dev.kiln.dataset.RowRef;
import java.time.Instant;
import java.util.Optional;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.io.ParseException;
import org.locationtech.jts.io.WKBReader;

/**
 * What a dataset records of a chip besides its vector.
 *
 * @param ref position in the dataset
 * @param chipId id of the chip
 * @param itemId id of the scene; empty if unknown
 * @param platform of the scene; empty if unknown
 * @param datetime when the scene was acquired
 * @param box bounds in degrees
 * @param footprint outline as WKB; empty if unknown
 * @param cloud share of cloud, 0 to 1; NaN if unknown
 * @param nodata share of pixels without data, 0 to 1; NaN if unknown
 */
public record FoundChip(
    RowRef ref,
    String chipId,
    String itemId,
    String platform,
    Optional<Instant> datetime,
    Envelope box,
    byte[] footprint,
    float cloud,
    float nodata) {
  private static final GeometryFactory WGS84 = new GeometryFactory();

  /** Returns a chip of a batch that has all columns. */
  static FoundChip of(EmbeddingBatch batch, int i) {
    return new FoundChip(
        batch.ref(i),
        batch.chipIds()[i],
        batch.itemIds()[i],
        batch.platforms()[i],
        batch.datetime(i),
        batch.box(i),
        batch.footprints()[i],
        batch.cloud()[i],
        batch.nodata()[i]);
  }

  /** Returns the outline in degrees; the box if no outline is stored. */
  public Geometry outline() {
    if (footprint.length > 0) {
      try {
        return new WKBReader(WGS84).read(footprint);
      } catch (ParseException | IllegalArgumentException e) {
        return WGS84.toGeometry(box);
      }
    }
    return WGS84.toGeometry(box);
  }
}
