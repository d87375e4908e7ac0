package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.CPLErrorReset;
import static dev.kiln.gdal.global.gdal.GDALClose;
import static dev.kiln.gdal.global.gdal.GDALDatasetGetLayer;
import static dev.kiln.gdal.global.gdal.GDALDatasetGetLayerCount;
import static dev.kiln.gdal.global.gdal.GDALOpenEx;
import static dev.kiln.gdal.global.gdal.OAMS_TRADITIONAL_GIS_ORDER;
import static dev.kiln.gdal.global.gdal.OCTDestroyCoordinateTransformation;
import static dev.kiln.gdal.global.gdal.OCTNewCoordinateTransformation;
import static dev.kiln.gdal.global.gdal.OCTTransform;
import static dev.kiln.gdal.global.gdal.OGR_F_Destroy;
import static dev.kiln.gdal.global.gdal.OGR_F_GetGeometryRef;
import static dev.kiln.gdal.global.gdal.OGR_G_DestroyGeometry;
import static dev.kiln.gdal.global.gdal.OGR_G_ExportToWkb;
import static dev.kiln.gdal.global.gdal.OGR_G_GetLinearGeometry;
import static dev.kiln.gdal.global.gdal.OGR_G_WkbSize;
import static dev.kiln.gdal.global.gdal.OGR_L_GetName;
import static dev.kiln.gdal.global.gdal.OGR_L_GetNextFeature;
import static dev.kiln.gdal.global.gdal.OGR_L_GetSpatialRef;
import static dev.kiln.gdal.global.gdal.OSRImportFromEPSG;
import static dev.kiln.gdal.global.gdal.OSRIsProjected;
import static dev.kiln.gdal.global.gdal.OSRNewSpatialReference;
import static dev.kiln.gdal.global.gdal.OSRRelease;
import static dev.kiln.gdal.global.gdal.OSRSetAxisMappingStrategy;
import static dev.kiln.gdal.global.gdal.OSRSetFromUserInput;
import static dev.kiln.gdal.global.gdal.VSIFCloseL;
import static dev.kiln.gdal.global.gdal.VSIFileFromMemBuffer;
import static dev.kiln.gdal.global.gdal.VSIUnlink;
import static dev.kiln.gdal.global.gdal.wkbNDR;

import dev.kiln.error.ConfigurationException;
import dev.kiln.gdal.GDALDatasetH;
import dev.kiln.gdal.OGRCoordinateTransformationH;
import dev.kiln.gdal.OGRSpatialReferenceH;
import dev.kiln.memory.HostBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.locationtech.jts.densify.Densifier;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.LinearRing;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.io.ParseException;
import org.locationtech.jts.io.WKBReader;

/**
 * Polygons of a vector file, in longitude and latitude: GeoPackage, FlatGeobuf, Shapefile or
 * GeoJSON with a CRS, read by GDAL from memory.
 */
public final class PolygonFile {
  private static final int OPEN_FLAGS = 0x04 | 0x40; // GDAL_OF_VECTOR | GDAL_OF_VERBOSE_ERROR
  private static final int WGS84 = 4326;

  /** Straight edges in a projection are curves in degrees: edges of a hundredth follow them. */
  private static final int PARTS = 100;

  private static final GeometryFactory FACTORY = new GeometryFactory();
  private static final AtomicLong SERIAL = new AtomicLong();

  private PolygonFile() {}

  /**
   * Reads the geometries of all layers.
   *
   * @param where the file and the option that names it, for messages
   * @param suffix suffix of the file that is opened, such as {@code .gpkg}
   * @param files contents by suffix: the file itself, and for a Shapefile those beside it
   * @return geometries as (lon, lat) in degrees; those that cross the antimeridian continue beyond
   *     ±180
   * @throws ConfigurationException if GDAL cannot read the file, or a layer has no CRS
   */
  public static List<Geometry> read(String where, String suffix, Map<String, byte[]> files) {
    GdalLibrary.require();
    String stem = "/vsimem/kiln/area-" + SERIAL.incrementAndGet();
    List<HostBuffer> memory = new ArrayList<>();
    GDALDatasetH dataset = null;
    try {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        byte[] bytes = file.getValue();
        HostBuffer buffer = HostBuffer.allocate("area", Math.max(1, bytes.length));
        memory.add(buffer);
        buffer.slice(0, bytes.length).put(bytes);
        VSIFCloseL(VSIFileFromMemBuffer(stem + file.getKey(), buffer.pointer(), bytes.length, 0));
      }
      CPLErrorReset();
      try (PointerPointer<BytePointer> drivers =
          new PointerPointer<>(
              new BytePointer("GPKG"),
              new BytePointer("FlatGeobuf"),
              new BytePointer("ESRI Shapefile"),
              new BytePointer("GeoJSON"),
              null)) {
        dataset = GDALOpenEx(stem + suffix, OPEN_FLAGS, drivers, null, null);
      }
      if (dataset == null) {
        throw new ConfigurationException(
            where
                + ": expected GeoJSON, GeoPackage, FlatGeobuf, GeoParquet or Shapefile: "
                + GdalFile.lastError().replace(stem + suffix, where));
      }
      List<Geometry> geometries = new ArrayList<>();
      for (int i = 0; i < GDALDatasetGetLayerCount(dataset); i++) {
        readLayer(where, GDALDatasetGetLayer(dataset, i), geometries);
      }
      return geometries;
    } finally {
      if (dataset != null) {
        GDALClose(dataset);
      }
      files.keySet().forEach(name -> VSIUnlink(stem + name));
      memory.forEach(HostBuffer::close);
    }
  }

  private static void readLayer(String where, Pointer layer, List<Geometry> into) {
    List<Geometry> found = new ArrayList<>();
    for (Pointer feature = OGR_L_GetNextFeature(layer);
        feature != null;
        feature = OGR_L_GetNextFeature(layer)) {
      try {
        Pointer geometry = OGR_F_GetGeometryRef(feature);
        if (geometry != null) {
          found.add(linear(where, geometry));
        }
      } finally {
        OGR_F_Destroy(feature);
      }
    }
    if (!found.isEmpty()) {
      OGRSpatialReferenceH crs = OGR_L_GetSpatialRef(layer);
      if (crs == null) {
        throw new ConfigurationException(
            where + ": layer " + OGR_L_GetName(layer) + ": expected a CRS, found none");
      }
      into.addAll(toLonLat(where, crs, found));
    }
  }

  /** Copies a geometry; arcs become lines. */
  private static Geometry linear(String where, Pointer geometry) {
    Pointer lines = OGR_G_GetLinearGeometry(geometry, 0, (PointerPointer<?>) null);
    try {
      int size = OGR_G_WkbSize(lines);
      try (BytePointer wkb = new BytePointer(size)) {
        OGR_G_ExportToWkb(lines, wkbNDR, wkb);
        byte[] bytes = new byte[size];
        wkb.get(bytes);
        return wkb(where, bytes);
      }
    } finally {
      OGR_G_DestroyGeometry(lines);
    }
  }

  /**
   * Parses a geometry.
   *
   * @param where the file and the option that names it, for messages
   * @param bytes well-known binary
   * @throws ConfigurationException if it is invalid
   */
  public static Geometry wkb(String where, byte[] bytes) {
    try {
      return new WKBReader(FACTORY).read(bytes);
    } catch (ParseException | IllegalArgumentException e) {
      throw new ConfigurationException(where + ": invalid geometry: " + e.getMessage(), e);
    }
  }

  /**
   * Transforms geometries to longitude and latitude.
   *
   * @param where the file and the option that names it, for messages
   * @param crs WKT, PROJJSON or {@code EPSG:…}; x is easting or longitude
   * @param geometries in that CRS
   * @throws ConfigurationException if the CRS is unknown, or a point has no longitude and latitude
   */
  public static List<Geometry> toLonLat(String where, String crs, List<Geometry> geometries) {
    GdalLibrary.require();
    OGRSpatialReferenceH reference = OSRNewSpatialReference("");
    try {
      if (OSRSetFromUserInput(reference, crs) != 0) {
        throw new ConfigurationException(where + ": unknown CRS: " + GdalFile.lastError());
      }
      OSRSetAxisMappingStrategy(reference, OAMS_TRADITIONAL_GIS_ORDER);
      return toLonLat(where, reference, geometries);
    } finally {
      OSRRelease(reference);
    }
  }

  private static List<Geometry> toLonLat(
      String where, OGRSpatialReferenceH crs, List<Geometry> geometries) {
    OGRSpatialReferenceH wgs84 = OSRNewSpatialReference("");
    OGRCoordinateTransformationH transformation = null;
    try {
      OSRImportFromEPSG(wgs84, WGS84);
      OSRSetAxisMappingStrategy(wgs84, OAMS_TRADITIONAL_GIS_ORDER);
      CPLErrorReset();
      transformation = OCTNewCoordinateTransformation(crs, wgs84);
      if (transformation == null) {
        throw new ConfigurationException(
            where + ": no transformation to WGS84: " + GdalFile.lastError());
      }
      boolean projected = OSRIsProjected(crs) != 0;
      List<Geometry> transformed = new ArrayList<>();
      for (Geometry geometry : geometries) {
        for (int i = 0; i < geometry.getNumGeometries(); i++) {
          if (!(geometry.getGeometryN(i) instanceof Polygon polygon)) {
            throw new ConfigurationException(
                where + ": expected polygons, found " + geometry.getGeometryN(i).getGeometryType());
          }
          if (!polygon.isEmpty()) {
            transformed.add(toLonLat(where, transformation, projected, polygon));
          }
        }
      }
      return transformed;
    } finally {
      if (transformation != null) {
        OCTDestroyCoordinateTransformation(transformation);
      }
      OSRRelease(wgs84);
    }
  }

  private static Polygon toLonLat(
      String where, OGRCoordinateTransformationH transformation, boolean projected, Polygon from) {
    Envelope extent = from.getEnvelopeInternal();
    double step = Math.max(extent.getWidth(), extent.getHeight()) / PARTS;
    // The envelope of the holes is inside.
    Polygon polygon = projected && step > 0 ? (Polygon) Densifier.densify(from, step) : from;
    LinearRing shell = ring(where, transformation, polygon.getExteriorRing(), Double.NaN);
    double centre = shell.getEnvelopeInternal().centre().x;
    LinearRing[] holes = new LinearRing[polygon.getNumInteriorRing()];
    for (int i = 0; i < holes.length; i++) {
      holes[i] = ring(where, transformation, polygon.getInteriorRingN(i), centre);
    }
    return FACTORY.createPolygon(shell, holes);
  }

  /** Transforms a ring; its longitudes are continuous and start near a given one. */
  private static LinearRing ring(
      String where, OGRCoordinateTransformationH transformation, LinearRing from, double near) {
    Coordinate[] points = from.getCoordinates();
    double[] x = new double[points.length];
    double[] y = new double[points.length];
    for (int i = 0; i < points.length; i++) {
      x[i] = points[i].x;
      y[i] = points[i].y;
    }
    if (OCTTransform(transformation, points.length, x, y, null) == 0) {
      throw new ConfigurationException(
          where + ": a polygon has points without longitude and latitude: " + GdalFile.lastError());
    }
    Coordinate[] transformed = new Coordinate[points.length];
    double last = Double.isNaN(near) ? x[0] : near;
    for (int i = 0; i < points.length; i++) {
      double lon = x[i] - 360 * Math.rint((x[i] - last) / 360);
      transformed[i] = new Coordinate(lon, y[i]);
      last = lon;
    }
    if (Math.abs(transformed[points.length - 1].x - transformed[0].x) > 180) {
      throw new ConfigurationException(
          where + ": expected polygons without a pole, found one: write it in degrees");
    }
    transformed[points.length - 1] = transformed[0].copy();
    return FACTORY.createLinearRing(transformed);
  }
}
