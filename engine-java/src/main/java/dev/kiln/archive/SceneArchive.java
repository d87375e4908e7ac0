package dev.kiln.archive;

import dev.kiln.error.SceneException;
import dev.kiln.platform.Platform;

/** How an archive's scene list is to be read: what each key stands for. */
public interface SceneArchive {
  /** Reads a small object, such as a STAC item, whole. */
  interface Objects {
    byte[] read(String key) throws SceneException;
  }

  /**
   * Says what a scene is made of.
   *
   * @param key a line of the scene list
   * @param objects the source, for archives that describe scenes in objects of their own
   * @throws SceneException if the key or its description is not a scene that can be embedded
   */
  Scene describe(String key, Objects objects) throws SceneException;

  /** The archive that a platform's scene lists speak of: NAIP's keys, or else STAC items. */
  static SceneArchive of(Platform platform) {
    return platform.name().equals("naip")
        ? (key, objects) -> NaipKey.parse(key).scene()
        : (key, objects) -> StacItem.parse(key, objects.read(key)).scene(platform);
  }
}
