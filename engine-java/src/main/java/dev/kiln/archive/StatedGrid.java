package dev.kiln.archive;

import java.util.Optional;

/**
 * The grid that a description of a scene states, which its files must have.
 *
 * @param width pixels across
 * @param height pixels down
 * @param geotransform GDAL's six coefficients, north-up; empty if none are stated
 * @param crs coordinate reference system as WKT or {@code EPSG:CODE}; empty if none is stated
 */
public record StatedGrid(int width, int height, Optional<double[]> geotransform, String crs) {}
