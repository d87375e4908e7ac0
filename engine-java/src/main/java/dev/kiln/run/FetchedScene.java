package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.memory.HostBuffer;
import java.util.Map;

/**
 * A scene whose bytes are in host memory. Owns them.
 *
 * @param scene what it is
 * @param assets bytes of each object, by key
 * @param budget gives back the scene's share of the fetch memory
 */
record FetchedScene(Scene scene, Map<String, HostBuffer> assets, ByteBudget.Share budget)
    implements Stage.Owner {
  FetchedScene {
    assets = Map.copyOf(assets);
  }

  /** Bytes held. */
  long bytes() {
    return assets.values().stream().mapToLong(HostBuffer::size).sum();
  }

  @Override
  public void close() {
    assets.values().forEach(HostBuffer::close);
    budget.close();
  }
}
