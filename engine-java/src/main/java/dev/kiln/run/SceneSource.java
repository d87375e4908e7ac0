package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.archive.SceneArchive;
import dev.kiln.archive.VrtFile;
import dev.kiln.error.KilnException;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.RangePlan;
import dev.kiln.fetch.SparseObject;
import java.io.IOException;
import java.util.List;

/**
 * The source of a run, whose errors are those of the scene that is read.
 *
 * @param archive describes scenes
 * @param store borrowed
 */
record SceneSource(SceneArchive archive, ObjectStore store) {
  /** Returns the scene of a key. */
  Scene describe(String sceneKey) throws SceneException {
    try {
      return archive.describe(sceneKey, store::stream);
    } catch (IOException e) {
      throw StoreErrors.of(store, List.of(sceneKey), e);
    } catch (KilnException e) {
      throw e;
    } catch (RuntimeException e) {
      // Descriptions come from outside: whatever is odd about them is the scene's fault.
      throw SceneException.permanent(sceneKey, "cannot interpret the scene: " + e, e);
    }
  }

  /** Returns a virtual raster. */
  VrtFile vrt(String key) throws SceneException {
    try {
      return VrtFile.read(key, store::stream);
    } catch (IOException e) {
      throw StoreErrors.of(store, List.of(key), e);
    }
  }

  /** Opens objects; the caller closes them. */
  List<SparseObject> open(List<String> keys) throws SceneException, InterruptedException {
    try {
      return store.open(keys);
    } catch (IOException e) {
      throw StoreErrors.of(store, keys, e);
    } catch (IllegalArgumentException e) {
      // Such as a key that cannot be a path.
      throw SceneException.permanent(
          keys.get(0), "expected a valid object key, found: " + e.getMessage(), e);
    }
  }

  /**
   * Fetches ranges.
   *
   * @param names of the objects, for messages
   */
  void fetch(List<RangePlan> plans, List<String> names)
      throws SceneException, InterruptedException {
    try {
      store.fetch(plans);
    } catch (IOException e) {
      throw StoreErrors.of(store, names, e);
    }
  }
}
