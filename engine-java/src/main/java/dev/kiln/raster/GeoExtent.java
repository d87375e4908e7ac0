package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.OSRGetAuthorityCode;
import static dev.kiln.gdal.global.gdal.OSRGetName;
import static dev.kiln.gdal.global.gdal.OSRImportFromEPSG;
import static dev.kiln.gdal.global.gdal.OSRIsSame;
import static dev.kiln.gdal.global.gdal.OSRNewSpatialReference;
import static dev.kiln.gdal.global.gdal.OSRRelease;

import dev.kiln.gdal.OGRSpatialReferenceH;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Rectangle that a file covers, in the units of its coordinate reference system.
 *
 * @param crs coordinate reference system as WKT or {@code EPSG:CODE}; empty if the file has none
 * @param left easting of the left edge
 * @param upper northing of the upper edge
 * @param right easting of the right edge
 * @param lower northing of the lower edge
 * @param pixelWidth width of a pixel
 */
public record GeoExtent(
    String crs, double left, double upper, double right, double lower, double pixelWidth) {

  private static final Pattern EPSG = Pattern.compile("EPSG:([0-9]{1,6})");

  /** Returns whether both are the same rectangle in the same coordinate reference system. */
  public boolean isSameAs(GeoExtent other) {
    // Grids are multiples of each other: corners within a thousandth of a pixel are equal.
    double tolerance = Math.min(pixelWidth, other.pixelWidth) / 1000;
    return Math.abs(left - other.left) < tolerance
        && Math.abs(upper - other.upper) < tolerance
        && Math.abs(right - other.right) < tolerance
        && Math.abs(lower - other.lower) < tolerance
        && isSameCrs(crs, other.crs);
  }

  /** Returns what differs from another extent, as {@code expected X, found Y}. */
  public String difference(GeoExtent found) {
    return isSameCrs(crs, found.crs)
        ? "expected %s, found %s".formatted(corners(), found.corners())
        : "expected %s, found %s".formatted(crsName(crs), crsName(found.crs));
  }

  /** Returns the corners as {@code left, lower to right, upper}. */
  private String corners() {
    return "%s, %s to %s, %s".formatted(left, lower, right, upper);
  }

  /** Returns the name of a coordinate reference system, with its code where it has one. */
  private static String crsName(String wkt) {
    OGRSpatialReferenceH reference = reference(wkt);
    if (reference == null) {
      return "no CRS";
    }
    try {
      String name = OSRGetName(reference);
      String code = OSRGetAuthorityCode(reference, (String) null);
      return (name == null ? "an unnamed CRS" : name) + (code == null ? "" : " (" + code + ")");
    } finally {
      OSRRelease(reference);
    }
  }

  /**
   * Returns a new reference; null if the text is neither WKT nor an EPSG code. Other texts, such as
   * URLs, are not looked at.
   */
  private static OGRSpatialReferenceH reference(String crs) {
    Matcher code = EPSG.matcher(crs);
    if (!code.matches()) {
      return crs.isEmpty() ? null : OSRNewSpatialReference(crs);
    }
    OGRSpatialReferenceH reference = OSRNewSpatialReference("");
    if (OSRImportFromEPSG(reference, Integer.parseInt(code.group(1))) == 0) {
      return reference;
    }
    OSRRelease(reference);
    return null;
  }

  private static boolean isSameCrs(String a, String b) {
    if (a.equals(b) || a.isEmpty() || b.isEmpty()) {
      return a.equals(b);
    }
    OGRSpatialReferenceH one = reference(a);
    OGRSpatialReferenceH other = reference(b);
    try {
      return one != null && other != null && OSRIsSame(one, other) != 0;
    } finally {
      OSRRelease(one);
      OSRRelease(other);
    }
  }
}
