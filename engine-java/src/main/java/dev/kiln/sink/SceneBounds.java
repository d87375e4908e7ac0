package dev.kiln.sink;

import java.util.Set;
import java.util.TreeSet;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;

/** Types and extent of the footprints of a file, collected as its rows are written. */
final class SceneBounds {
  private final Set<String> types = new TreeSet<>(Set.of(Geometry.TYPENAME_POLYGON));
  private final Envelope bounds = new Envelope();

  void add(Geometry footprint) {
    types.add(footprint.getGeometryType());
    bounds.expandToInclude(footprint.getEnvelopeInternal());
  }

  /** Returns the names of the geometry types that occur, sorted. */
  Set<String> types() {
    return types;
  }

  /** Returns the extent in degrees; null envelope if there are no rows. */
  Envelope envelope() {
    return bounds;
  }
}
