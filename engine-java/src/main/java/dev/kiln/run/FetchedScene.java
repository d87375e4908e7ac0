package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.fetch.SparseObject;
import dev.kiln.pipeline.BoundedQueue;
import java.util.Map;
import java.util.Optional;

/**
 * A scene whose bytes are in host memory. Owns them.
 *
 * @param scene description of the scene
 * @param outputKey key of its file in the output
 * @param selection chips that the mask lets through; empty if the scene has no mask
 * @param assets objects that hold bands, by name, with the tiles that chips touch; none if no chip
 *     is wanted
 * @param bytes fetched in all, mask included
 * @param budget the scene's share of the fetch memory
 */
record FetchedScene(
    Scene scene,
    String outputKey,
    Optional<ChipSelection> selection,
    Map<String, SparseObject> assets,
    long bytes,
    ByteBudget.Share budget)
    implements BoundedQueue.Owner {
  FetchedScene {
    assets = Map.copyOf(assets);
  }

  String sceneKey() {
    return scene.sceneKey();
  }

  /** Returns whether the mask leaves no chip to embed. */
  boolean isMasked() {
    return selection.isPresent() && selection.get().surviving().isEmpty();
  }

  @Override
  public void close() {
    assets.values().forEach(SparseObject::close);
    budget.close();
  }
}
