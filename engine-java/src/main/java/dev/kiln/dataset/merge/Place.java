package dev.kiln.dataset.merge;

import dev.kiln.sink.RowBlock;
import dev.kiln.sink.SceneSchema;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.MultiPolygon;
import org.locationtech.jts.geom.Polygonal;
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
 * @param multipolygon whether its footprint has several parts
 */
record Place(double lon, double lat, Envelope box, boolean crossing, boolean multipolygon) {

  /** A box wider than this does not come from the size of a chip. */
  static final double WIDEST_BOX = 180;

  private static final List<String> SIDES =
      List.of("bbox.xmin", "bbox.xmax", "bbox.ymin", "bbox.ymax");

  /**
   * Returns the places of all rows of a block.
   *
   * @param block with the boxes and footprints
   * @throws IOException if a box or footprint is not valid
   */
  static List<Place> of(RowBlock block) throws IOException {
    List<Place> places = new ArrayList<>(block.rows());
    WKBReader reader = new WKBReader();
    for (int row = 0; row < block.rows(); row++) {
      places.add(of(block, row, reader));
    }
    return places;
  }

  private static Place of(RowBlock block, int row, WKBReader reader) throws IOException {
    double[] sides = new double[4];
    for (int i = 0; i < sides.length; i++) {
      sides[i] = block.float64(SIDES.get(i), row);
      if (!(Math.abs(sides[i]) <= 360)) {
        throw new IOException(
            "row %d: expected %s in degrees, found %s".formatted(row, SIDES.get(i), sides[i]));
      }
    }
    Envelope box = new Envelope(sides[0], sides[1], sides[2], sides[3]);
    Geometry footprint = footprint(block, row, reader);
    boolean crossing = box.getWidth() > WIDEST_BOX;
    if (crossing) {
      box = continuous(footprint);
    }
    double lon = (box.getMinX() + box.getMaxX()) / 2;
    return new Place(
        lon > 180 ? lon - 360 : lon,
        (box.getMinY() + box.getMaxY()) / 2,
        box,
        crossing,
        footprint instanceof MultiPolygon);
  }

  private static Geometry footprint(RowBlock block, int row, WKBReader reader) throws IOException {
    Geometry footprint;
    try {
      footprint = reader.read(block.bytes(SceneSchema.GEOMETRY, row));
    } catch (ParseException | RuntimeException e) {
      throw new IOException(
          "row %d: column geometry: expected WKB, found other bytes".formatted(row), e);
    }
    if (!(footprint instanceof Polygonal) || footprint.isEmpty()) {
      throw new IOException(
          "row %d: column geometry: expected a polygon, found %s"
              .formatted(row, footprint.isEmpty() ? "none" : "a " + footprint.getGeometryType()));
    }
    return footprint;
  }

  /** Returns the box of a geometry whose western parts are moved east by one turn. */
  private static Envelope continuous(Geometry geometry) {
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
