package dev.kiln.run;

import dev.kiln.archive.Mask;
import dev.kiln.archive.Scene;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.RangePlan;
import dev.kiln.fetch.SparseObject;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.ChipShares;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.CogLayout;
import dev.kiln.raster.SceneRaster;
import dev.kiln.raster.StripWindow;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.DoubleStream;

/** Reads the masks of scenes, so that bands are fetched only for chips that are embedded. */
final class SceneMasking {
  private static final int JPEG = 7; // TIFF compression

  /** Largest number of band pixels that a mask pixel covers in each direction. */
  private static final int MAX_REFINEMENT = 100;

  private final ChipOptions options;
  private final int inflateThreads;

  /**
   * Creates a reader.
   *
   * @param inflateThreads threads that inflate the tiles of one mask
   */
  SceneMasking(ChipOptions options, int inflateThreads) {
    this.options = options;
    this.inflateThreads = inflateThreads;
  }

  /** Returns whether a scene whose mask is missing cannot be embedded. */
  boolean isRequired() {
    return options.needsMask();
  }

  /**
   * The part of a mask that is read.
   *
   * @param ranges bytes that are missing
   * @param inside grid indices of the chips in the area of the run
   */
  record Part(RangePlan ranges, BitSet inside) {}

  /**
   * Finds the chips in the area, and the bytes of the mask that cover them.
   *
   * @param source store of the mask
   * @param object the mask, borrowed; only its header is read
   * @throws SceneException permanent if the object is not a GeoTIFF
   */
  Part plan(Scene scene, Mask mask, ObjectStore source, SparseObject object)
      throws SceneException, InterruptedException {
    String key = mask.band().object().name();
    CogLayout layout = ScenePlan.layout(source, key, object);
    requireNoMask(key, object, layout);
    requireLossless(key, layout);
    try (CogFile file = ImageAndSidecars.open(key, Map.of(key, object), 1);
        SceneRaster raster = raster(scene, mask, file)) {
      ChipGrid grid = ChipSelection.grid(raster, options.layout());
      BitSet inside = AreaChips.in(options.area(), raster, grid);
      List<StripWindow> windows = grid.strips(raster.cut(ChipShares.MOST_STRIP_BYTES), inside);
      return new Part(
          object.plan(layout.tiles(windows, raster.width() / layout.width(), mask.band().index())),
          inside);
    }
  }

  /**
   * Selects the chips that a mask lets through.
   *
   * @param object the mask, borrowed
   * @param inside grid indices of the chips in the area of the run, whose bytes are there
   * @throws SceneException permanent if the mask cannot be read
   */
  ChipSelection select(Scene scene, Mask mask, SparseObject object, BitSet inside)
      throws SceneException {
    String key = mask.band().object().name();
    try (CogFile file = ImageAndSidecars.open(key, Map.of(key, object), inflateThreads);
        SceneRaster raster = raster(scene, mask, file)) {
      double[] nodata =
          DoubleStream.concat(file.nodataValues(mask.band().index()), mask.band().nodata().stream())
              .toArray();
      return ChipSelection.by(raster, nodata, mask.classes(), options, inside);
    }
  }

  /** Files that mask the pixels of a classification band are not fetched. */
  private static void requireNoMask(String key, SparseObject object, CogLayout layout)
      throws SceneException {
    if (ImageAndSidecars.hasMask(key, object) && !layout.hasMask()) {
      throw SceneException.permanent(
          key,
          "expected a classification band without a mask beside it, found %s: write both into one file with gdal_translate"
              .formatted(ImageAndSidecars.maskOf(key)));
    }
  }

  /** Classes between two others are other classes, and not a mean of them. */
  private static void requireLossless(String key, CogLayout layout) throws SceneException {
    if (layout.compression() == JPEG) {
      throw SceneException.permanent(
          key,
          "expected a classification band with a lossless compression, found JPEG, which changes classes: write the original with -co COMPRESS=DEFLATE");
    }
  }

  private static SceneRaster raster(Scene scene, Mask mask, CogFile file) throws SceneException {
    return SceneRaster.ofMask(
        new SceneRaster.Source(mask.band().band(), file, mask.band().index()),
        refinement(scene, mask, file));
  }

  /**
   * Returns the pixels per line of the bands' grid, if the metadata of the item and the platform
   * agree about it; empty if only the files can tell.
   *
   * @param platformGsd ground sample distance of the platform in metres
   * @param object the mask, borrowed; only its header is read
   * @throws SceneException permanent if the object is not a GeoTIFF
   */
  OptionalInt gridWidth(
      Scene scene, Mask mask, double platformGsd, ObjectStore source, SparseObject object)
      throws SceneException, InterruptedException {
    String key = mask.band().object().name();
    ScenePlan.layout(source, key, object);
    try (CogFile file = ImageAndSidecars.open(key, Map.of(key, object), 1)) {
      double metres = file.extent().pixelWidth();
      int usual = refinement(metres / platformGsd);
      boolean agree =
          mask.gridWidth().isPresent()
              ? mask.gridWidth().getAsInt() == (long) usual * file.width()
              : refinement(metres / scene.gsd()) == usual;
      return agree && usual <= MAX_REFINEMENT
          ? OptionalInt.of(Math.multiplyExact(usual, file.width()))
          : OptionalInt.empty();
    }
  }

  private static int refinement(double ratio) {
    return (int) Math.max(1, Math.round(Math.min(ratio, MAX_REFINEMENT + 1)));
  }

  /** Returns the pixels of the bands' grid that a pixel of the mask covers in each direction. */
  private static int refinement(Scene scene, Mask mask, CogFile file) throws SceneException {
    if (mask.gridWidth().isEmpty()) {
      double ratio = file.extent().pixelWidth() / scene.gsd();
      if (!(Math.round(ratio) <= MAX_REFINEMENT)) {
        throw SceneException.permanent(
            file.objectKey(),
            "mask: expected pixels of at most %d pixels of the bands, found %s m for a gsd of %s m"
                .formatted(MAX_REFINEMENT, file.extent().pixelWidth(), scene.gsd()));
      }
      return refinement(ratio);
    }
    int width = mask.gridWidth().getAsInt();
    if (width % file.width() != 0 || width / file.width() > MAX_REFINEMENT) {
      throw SceneException.permanent(
          file.objectKey(),
          "mask width: expected a divisor of the bands' width of %d px, found %d px"
              .formatted(width, file.width()));
    }
    return width / file.width();
  }
}
