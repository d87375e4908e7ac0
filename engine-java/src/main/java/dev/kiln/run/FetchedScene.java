package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.fetch.SparseObject;
import dev.kiln.pipeline.Stage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A scene whose bytes are in host memory. Owns them.
 *
 * @param scene what it is
 * @param selection its chips that the mask lets through; empty if it has no mask
 * @param assets the objects that hold bands, by key, with the tiles that chips touch; none if no
 *     chip is wanted
 * @param bytes fetched in all, with the mask
 * @param budget gives back the scene's share of the fetch memory
 */
record FetchedScene(
    Scene scene,
    Optional<ChipSelection> selection,
    Map<String, SparseObject> assets,
    long bytes,
    ByteBudget.Share budget)
    implements Stage.Owner {
  FetchedScene {
    assets = Map.copyOf(assets);
  }

  FetchedScene(
      Scene scene,
      Optional<ChipSelection> selection,
      List<SparseObject> assets,
      long bytes,
      ByteBudget.Share budget) {
    this(
        scene,
        selection,
        assets.stream().collect(Collectors.toMap(SparseObject::key, Function.identity())),
        bytes,
        budget);
  }

  /** Whether it is known already that no chip is worth embedding. */
  boolean isMasked() {
    return selection.isPresent() && selection.get().surviving().isEmpty();
  }

  @Override
  public void close() {
    assets.values().forEach(SparseObject::close);
    budget.close();
  }
}
