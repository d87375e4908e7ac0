package dev.kiln.run;

import dev.kiln.error.SceneException;
import dev.kiln.fetch.FilesBeside;
import dev.kiln.fetch.SparseObject;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.ImageSidecar;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** Opens images together with the files beside them in a directory. */
final class ImageAndSidecars {
  private ImageAndSidecars() {}

  /**
   * Opens an image.
   *
   * @param name of the image
   * @param objects of the scene by name, the mask beside the image among them if it has one;
   *     borrowed
   * @param threads number of threads that decode tiles
   * @return owned by the caller
   * @throws SceneException permanent if it is not a GeoTIFF that Kiln supports
   */
  static CogFile open(String name, Map<String, SparseObject> objects, int threads)
      throws SceneException {
    SparseObject object = objects.get(name);
    return CogFile.open(
        name,
        object.buffer(),
        sidecar(name, object),
        Optional.ofNullable(objects.get(maskOf(name))).map(SparseObject::buffer),
        threads);
  }

  /** Returns what the files beside an image state, but for its mask. */
  static ImageSidecar sidecar(String name, SparseObject object) throws SceneException {
    FilesBeside beside = beside(name, object);
    return beside.auxiliary().isPresent()
        ? ImageSidecar.read(
            name + FilesBeside.AUXILIARY, beside.auxiliary().get(), beside.worldFile())
        : ImageSidecar.none(beside.worldFile());
  }

  /** Returns whether a file beside an image masks its pixels. */
  static boolean hasMask(String name, SparseObject object) throws SceneException {
    return beside(name, object).mask();
  }

  /** Returns the name of the mask of an image. */
  static String maskOf(String name) {
    return name + FilesBeside.MASK;
  }

  private static FilesBeside beside(String name, SparseObject object) throws SceneException {
    try {
      return object.beside();
    } catch (IOException e) {
      throw SceneException.permanent(name, "cannot read files beside it: " + e.getMessage(), e);
    }
  }
}
