package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.OAMS_TRADITIONAL_GIS_ORDER;
import static dev.kiln.gdal.global.gdal.OAO_South;
import static dev.kiln.gdal.global.gdal.OAO_West;
import static dev.kiln.gdal.global.gdal.OCTDestroyCoordinateTransformation;
import static dev.kiln.gdal.global.gdal.OCTGetInverse;
import static dev.kiln.gdal.global.gdal.OCTNewCoordinateTransformation;
import static dev.kiln.gdal.global.gdal.OCTTransform;
import static dev.kiln.gdal.global.gdal.OCTTransformEx;
import static dev.kiln.gdal.global.gdal.OSRGetAxis;
import static dev.kiln.gdal.global.gdal.OSRGetLinearUnits;
import static dev.kiln.gdal.global.gdal.OSRGetName;
import static dev.kiln.gdal.global.gdal.OSRImportFromEPSG;
import static dev.kiln.gdal.global.gdal.OSRIsProjected;
import static dev.kiln.gdal.global.gdal.OSRNewSpatialReference;
import static dev.kiln.gdal.global.gdal.OSRRelease;
import static dev.kiln.gdal.global.gdal.OSRSetAxisMappingStrategy;

import dev.kiln.error.SceneException;
import dev.kiln.gdal.OGRCoordinateTransformationH;
import dev.kiln.gdal.OGRSpatialReferenceH;
import org.bytedeco.javacpp.BytePointer;

/** Transformation of a scene's projected coordinates to WGS84. Not thread-safe. */
public final class Crs implements AutoCloseable {
  private static final int WGS84 = 4326;

  private static final String REPROJECT = ": reproject the file with gdalwarp -t_srs";

  /** Largest error of a forward and inverse transformation, in metres. */
  private static final double ROUND_TRIP_ERROR = 1;

  private OGRCoordinateTransformationH transformation;
  private final OGRCoordinateTransformationH inverse;

  private Crs(OGRCoordinateTransformationH transformation, OGRCoordinateTransformationH inverse) {
    this.transformation = transformation;
    this.inverse = inverse;
  }

  /**
   * Creates the transformation of a CRS.
   *
   * @param key object key, for messages
   * @param reference spatial reference of the scene, borrowed; may be null
   * @throws SceneException permanent if there is no CRS or its unit is not the metre
   */
  static Crs toLonLat(String key, OGRSpatialReferenceH reference) throws SceneException {
    if (reference == null) {
      throw SceneException.permanent(
          key, "expected a CRS in metres, found none: state it with gdal_edit.py -a_srs");
    }
    if (OSRIsProjected(reference) == 0) {
      throw SceneException.permanent(
          key, "expected a CRS in metres, found " + name(reference) + REPROJECT);
    }
    double metres = OSRGetLinearUnits(reference, (BytePointer) null);
    if (metres != 1.0) {
      throw SceneException.permanent(
          key,
          "expected a CRS in metres, found "
              + name(reference)
              + " with units of "
              + metres
              + " m"
              + REPROJECT);
    }
    requireEastAndNorth(key, reference);
    OGRSpatialReferenceH wgs84 = OSRNewSpatialReference("");
    try {
      if (OSRImportFromEPSG(wgs84, WGS84) != 0) {
        throw new IllegalStateException("PROJ does not know EPSG:4326: is its database installed?");
      }
      OSRSetAxisMappingStrategy(wgs84, OAMS_TRADITIONAL_GIS_ORDER);
      OGRCoordinateTransformationH transformation =
          OCTNewCoordinateTransformation(reference, wgs84);
      if (transformation == null) {
        throw SceneException.permanent(
            key,
            "no transformation from " + name(reference) + " to WGS84: " + GdalFile.lastError());
      }
      OGRCoordinateTransformationH inverse = OCTGetInverse(transformation);
      if (inverse == null) {
        OCTDestroyCoordinateTransformation(transformation);
        throw SceneException.permanent(
            key,
            "no transformation from WGS84 to " + name(reference) + ": " + GdalFile.lastError());
      }
      return new Crs(transformation, inverse);
    } finally {
      OSRRelease(wgs84);
    }
  }

  /**
   * Checks that coordinates grow to the east and to the north: images in other systems, such as
   * those of South Africa and Krovak's, look as if they were flipped. In polar systems both axes
   * point to the north or both to the south.
   */
  private static void requireEastAndNorth(String key, OGRSpatialReferenceH reference)
      throws SceneException {
    int[] first = new int[1];
    int[] second = new int[1];
    OSRGetAxis(reference, (String) null, 0, first);
    OSRGetAxis(reference, (String) null, 1, second);
    boolean west = first[0] == OAO_West || second[0] == OAO_West;
    boolean south = (first[0] == OAO_South) != (second[0] == OAO_South);
    if (west || south) {
      throw SceneException.permanent(
          key,
          "expected a CRS whose axes point to the east and north, found "
              + name(reference)
              + REPROJECT);
    }
  }

  private static String name(OGRSpatialReferenceH reference) {
    String name = OSRGetName(reference);
    return name == null ? "an unnamed CRS" : name;
  }

  /**
   * Transforms points in place.
   *
   * @param x eastings in metres; longitudes in degrees on return
   * @param y northings in metres; latitudes in degrees on return
   * @return whether all points are on the Earth
   */
  public boolean toLonLat(double[] x, double[] y) {
    boolean all = true;
    for (boolean found : toLonLatEach(x, y)) {
      all &= found;
    }
    return all;
  }

  /**
   * Transforms points in place, each on its own.
   *
   * @param x eastings in metres; longitudes in degrees on return
   * @param y northings in metres; latitudes in degrees on return
   * @return for each point whether it is on the Earth; coordinates of others are undefined
   */
  public boolean[] toLonLatEach(double[] x, double[] y) {
    if (transformation == null) {
      throw new IllegalStateException("coordinate transformation used after close");
    }
    int[] forward = new int[x.length];
    int[] backward = new int[x.length];
    double[] eastings = x.clone();
    double[] northings = y.clone();
    OCTTransformEx(transformation, x.length, x, y, (double[]) null, forward);
    // Outside a map's area PROJ returns coordinates too, but their inverse is another point.
    double[] backX = x.clone();
    double[] backY = y.clone();
    OCTTransformEx(inverse, x.length, backX, backY, (double[]) null, backward);
    boolean[] found = new boolean[x.length];
    for (int i = 0; i < x.length; i++) {
      found[i] =
          forward[i] != 0
              && backward[i] != 0
              && Math.abs(backX[i] - eastings[i]) < ROUND_TRIP_ERROR
              && Math.abs(backY[i] - northings[i]) < ROUND_TRIP_ERROR;
    }
    return found;
  }

  /**
   * Transforms points in place, in the other direction.
   *
   * @param x longitudes in degrees; eastings in metres on return
   * @param y latitudes in degrees; northings in metres on return
   * @return whether all points can be transformed
   */
  public boolean fromLonLat(double[] x, double[] y) {
    if (transformation == null) {
      throw new IllegalStateException("coordinate transformation used after close");
    }
    return OCTTransform(inverse, x.length, x, y, null) != 0;
  }

  /** Frees the transformation. Idempotent. */
  @Override
  public void close() {
    if (transformation != null) {
      OCTDestroyCoordinateTransformation(transformation);
      OCTDestroyCoordinateTransformation(inverse);
      transformation = null;
    }
  }
}
