package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.OAMS_TRADITIONAL_GIS_ORDER;
import static dev.kiln.gdal.global.gdal.OSRNewSpatialReference;
import static dev.kiln.gdal.global.gdal.OSRRelease;
import static dev.kiln.gdal.global.gdal.OSRSetAxisMappingStrategy;

import dev.kiln.error.SceneException;
import dev.kiln.gdal.OGRSpatialReferenceH;
import java.util.Optional;

/** Locates images that files beside them locate, too. */
final class SidecarLocation {
  /** Largest distance of corners that are the same, in pixels. */
  private static final double SAME_PIXEL = 0.1;

  private SidecarLocation() {}

  /**
   * Locates an image by its own tags, and where it has none by the file beside it.
   *
   * @param file the image; receives the reference system of the file beside it if it has none
   * @param beside what files beside it state
   * @throws SceneException permanent as for {@link Georeference#of}, if there is no geotransform,
   *     or if the image and the file beside it are at different places
   */
  static Georeference locate(GdalFile file, ImageSidecar beside) throws SceneException {
    Optional<double[]> own = file.geotransform();
    double[] stored =
        own.or(beside::geotransform).orElseThrow(() -> file.withoutGeotransform(beside));
    Georeference ground = Georeference.of(file.objectKey(), stored, file.width(), file.height());
    boolean bothCrs = file.hasCrs() && beside.crs().isPresent();
    boolean bothTransforms = own.isPresent() && beside.geotransform().isPresent();
    if (!file.hasCrs() && beside.crs().isPresent()) {
      file.assume(beside.crs().get(), parse(beside, beside.crs().get()));
    }
    if (bothCrs || bothTransforms) {
      requireSame(file, ground, beside);
    }
    return ground;
  }

  private static OGRSpatialReferenceH parse(ImageSidecar beside, String wkt) throws SceneException {
    OGRSpatialReferenceH reference = OSRNewSpatialReference(wkt);
    if (reference == null) {
      throw SceneException.permanent(
          beside.key(), "expected a coordinate reference system as WKT, found other text");
    }
    OSRSetAxisMappingStrategy(reference, OAMS_TRADITIONAL_GIS_ORDER);
    return reference;
  }

  private static void requireSame(GdalFile file, Georeference ground, ImageSidecar beside)
      throws SceneException {
    Georeference other =
        beside.geotransform().isEmpty()
            ? ground
            : Georeference.of(
                beside.key(), beside.geotransform().get(), file.width(), file.height());
    String crs = beside.crs().orElse(file.crs());
    GeoExtent expected = ground.extent(file.crs(), file.width(), file.height());
    GeoExtent found = other.extent(crs, file.width(), file.height());
    boolean sameOrientation =
        ground.flippedX() == other.flippedX() && ground.flippedY() == other.flippedY();
    if (sameOrientation
        && (expected.isSameAs(found) || isSameGround(file, expected, beside, found))) {
      return;
    }
    throw SceneException.permanent(
        file.objectKey(),
        "the georeferencing of %1$s beside the file differs: %2$s: delete the wrong one, or write that of %1$s into the file with gdal_translate"
            .formatted(beside.name(), expected.difference(found)));
  }

  /** Compares corners where the texts of two reference systems differ, such as those of ESRI. */
  private static boolean isSameGround(
      GdalFile file, GeoExtent expected, ImageSidecar beside, GeoExtent found)
      throws SceneException {
    if (file.spatialReference() == null) {
      return false;
    }
    OGRSpatialReferenceH reference = parse(beside, found.crs());
    try (Crs own = Crs.toLonLat(file.objectKey(), file.spatialReference());
        Crs other = Crs.toLonLat(beside.key(), reference)) {
      double[] x = {expected.left(), expected.right()};
      double[] y = {expected.upper(), expected.lower()};
      double most = SAME_PIXEL * expected.pixelWidth();
      return own.toLonLat(x, y)
          && other.fromLonLat(x, y)
          && Math.abs(x[0] - found.left()) < most
          && Math.abs(x[1] - found.right()) < most
          && Math.abs(y[0] - found.upper()) < most
          && Math.abs(y[1] - found.lower()) < most;
    } finally {
      OSRRelease(reference);
    }
  }
}
