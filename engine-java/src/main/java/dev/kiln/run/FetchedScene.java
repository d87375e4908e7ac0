package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.memory.HostBuffer;
import java.util.Map;
import java.util.Optional;

/**
 * A scene whose bytes are in host memory. Owns them.
 *
 * @param scene what it is
 * @param selection its chips that the mask lets through; empty if it has no mask
 * @param assets bytes of each object that holds bands, by key; none if no chip is wanted
 * @param bytes fetched in all, with the mask
 * @param budget gives back the scene's share of the fetch memory
 */
record FetchedScene(
    Scene scene,
    Optional<ChipSelection> selection,
    Map<String, HostBuffer> assets,
    long bytes,
    ByteBudget.Share budget)
    implements Stage.Owner {
  FetchedScene {
    assets = Map.copyOf(assets);
  }

  /** Whether it is known already that no chip is worth embedding. */
  boolean isMasked() {
    return selection.isPresent() && selection.get().surviving().isEmpty();
  }

  @Override
  public void close() {
    assets.values().forEach(HostBuffer::close);
    budget.close();
  }
}
