package dev.kiln.raster;

import java.util.List;
import java.util.OptionalDouble;

/**
 * The grid of a mosaic, north-up.
 *
 * @param name of the mosaic, for messages
 * @param width pixels across
 * @param height pixels down
 * @param geotransform GDAL's six coefficients
 * @param crs coordinate reference system as WKT or {@code EPSG:CODE}; empty for that of the files
 * @param background value of the pixels that no part covers, of each band; empty if there is none
 */
public record MosaicGrid(
    String name,
    int width,
    int height,
    double[] geotransform,
    String crs,
    List<OptionalDouble> background) {

  /** Copies the values. */
  public MosaicGrid {
    geotransform = geotransform.clone();
    background = List.copyOf(background);
  }

  @Override
  public double[] geotransform() {
    return geotransform.clone();
  }

  double easting(double x) {
    return geotransform[0] + x * geotransform[1];
  }

  double northing(double y) {
    return geotransform[3] + y * geotransform[5];
  }

  /** Returns the extent of the mosaic, in a reference system that applies if none is stated. */
  GeoExtent extent(String other) {
    return new GeoExtent(
        crs.isEmpty() ? other : crs,
        easting(0),
        northing(0),
        easting(width),
        northing(height),
        geotransform[1]);
  }

  /** Returns the extent that the whole file of a part must have. */
  GeoExtent extentOf(PlacedFile part, String other) {
    double left = (double) part.left() - part.x();
    double top = (double) part.top() - part.y();
    return new GeoExtent(
        crs.isEmpty() ? other : crs,
        easting(left),
        northing(top),
        easting(left + part.file().width()),
        northing(top + part.file().height()),
        geotransform[1]);
  }
}
