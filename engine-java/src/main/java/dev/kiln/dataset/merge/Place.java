package dev.kiln.dataset.merge;

import dev.kiln.sink.RowBlock;
import dev.kiln.sink.SceneSchema;
import java.io.IOException;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.io.ParseException;
import org.locationtech.jts.io.WKBReader;

/**
 * Where a chip is.
 *
 * @param lon longitude of the centre of its box, -180 to 180
 * @param lat latitude of the centre of its box
 * @param box in degrees; beyond 180 degrees east where the chip crosses the antimeridian
 * @param crossing whether its box in the file covers all longitudes, because the chip crosses the
 *     antimeridian or contains a pole
 */
record Place(double lon, double lat, Envelope box, boolean crossing) {

  /** A box wider than this does not come from the size of a chip. */
  static final double WIDEST_BOX = 180;

  /** Returns the place of a chip. */
  static Place of(RowBlock block, int row) throws IOException {
    Envelope box =
        new Envelope(
            block.float64("bbox.xmin", row),
            block.float64("bbox.xmax", row),
            block.float64("bbox.ymin", row),
            block.float64("bbox.ymax", row));
    boolean crossing = box.getWidth() > WIDEST_BOX;
    if (crossing) {
      box = continuous(block.bytes(SceneSchema.GEOMETRY, row));
    }
    double lon = (box.getMinX() + box.getMaxX()) / 2;
    return new Place(
        lon > 180 ? lon - 360 : lon, (box.getMinY() + box.getMaxY()) / 2, box, crossing);
  }

  /** Returns the box of a geometry whose western parts are moved east by one turn. */
  private static Envelope continuous(byte[] wkb) throws IOException {
    Geometry geometry;
    try {
      geometry = new WKBReader().read(wkb);
    } catch (ParseException | IllegalArgumentException e) {
      throw new IOException("column geometry: expected WKB, found other bytes", e);
    }
    if (geometry.getNumGeometries() == 1) {
      return geometry.getEnvelopeInternal();
    }
    Envelope all = new Envelope();
    for (int i = 0; i < geometry.getNumGeometries(); i++) {
      Envelope part = geometry.getGeometryN(i).getEnvelopeInternal();
      double turn = part.getMaxX() <= 0 ? 360 : 0;
      all.expandToInclude(part.getMinX() + turn, part.getMinY());
      all.expandToInclude(part.getMaxX() + turn, part.getMaxY());
    }
    return all;
  }
}
