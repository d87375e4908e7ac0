package dev.kiln.archive;

import dev.kiln.error.SceneException;
import dev.kiln.platform.Platform;
import java.io.IOException;
import java.util.Locale;

/** Translates keys of a scene list into scenes. */
public interface SceneArchive {
  /**
   * Describes a scene.
   *
   * @param sceneKey a line of the scene list
   * @param objects opens objects of the source by key, for archives that describe scenes in objects
   * @return the scene
   * @throws SceneException if the key or its description is not that of a scene that can be
   *     embedded
   * @throws IOException if the description cannot be read
   */
  Scene describe(String sceneKey, ObjectSource objects) throws IOException;

  /**
   * Returns the archive of a platform's scene lists: keys of NAIP, or keys of STAC items.
   *
   * @param platform whose bands are read
   * @return the archive, which requires masks
   */
  static SceneArchive of(Platform platform) {
    return of(platform, true);
  }

  /**
   * Returns the archive of a platform's scene lists.
   *
   * @param platform whose bands are read
   * @param masked whether scenes need a mask, if the platform has one; not needed if any fraction
   *     of cloud and no data is accepted
   * @return the archive
   */
  static SceneArchive of(Platform platform, boolean masked) {
    return of(platform, masked, BandAliases.standard());
  }

  /**
   * Returns the archive of a platform's scene lists.
   *
   * @param platform whose bands are read
   * @param masked whether scenes need a mask, if the platform has one
   * @param aliases other names of bands in items
   * @return the archive
   */
  static SceneArchive of(Platform platform, boolean masked, BandAliases aliases) {
    return platform.productName().equals("naip")
        ? (sceneKey, objects) ->
            isItem(sceneKey)
                ? StacItem.read(sceneKey, objects).scene(platform, masked, aliases)
                : NaipKey.parse(sceneKey).scene(platform)
        : (sceneKey, objects) -> StacItem.read(sceneKey, objects).scene(platform, masked, aliases);
  }

  /**
   * {@return whether a key names a plain image file, which {@link ImageFile} describes, and neither
   * an item nor a scene in the layout of the NAIP bucket}
   *
   * @param platform whose bands are read
   * @param sceneKey a line of the scene list
   */
  static boolean isImageFile(Platform platform, String sceneKey) {
    return ImageFile.isImage(sceneKey)
        && !(platform.productName().equals("naip")
            && NaipKey.read(sceneKey, kind -> {}).isPresent());
  }

  private static boolean isItem(String sceneKey) {
    String suffix = OutputKey.suffix(sceneKey.replaceFirst("[?#].*", "")).toLowerCase(Locale.ROOT);
    return suffix.endsWith("json") || suffix.isEmpty() && sceneKey.contains("://");
  }

  /**
   * Returns the size of the largest decoded strip in bytes. One row of tiles of the archive's
   * scenes fits; wider scenes are cut.
   *
   * @param platform whose bands are read
   * @return bytes
   */
  static long maxStripBytes(Platform platform) {
    return platform.productName().equals("naip")
        ? 32 << 20
        : Math.max(128 << 20, 1024L * 10_980 * Short.BYTES * platform.bands().size());
  }
}
