package dev.kiln.archive;

import dev.kiln.type.PixelType;
import java.util.Optional;
import java.util.Set;

/**
 * The grid that a description of a scene states, which its files must have.
 *
 * @param width pixels across
 * @param height pixels down
 * @param geotransform GDAL's six coefficients, north-up; empty if none are stated
 * @param crs coordinate reference system as WKT or {@code EPSG:CODE}; empty if none is stated
 * @param types pixel types whose values the description leaves as they are
 */
public record StatedGrid(
    int width, int height, Optional<double[]> geotransform, String crs, Set<PixelType> types) {

  /** Copies the types. */
  public StatedGrid {
    types = Set.copyOf(types);
  }
}
