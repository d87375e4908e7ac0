package dev.kiln.run;

import dev.kiln.archive.OutputKey;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;

/**
 * The scenes of a shard that have no file in the output yet, in the order of the list, except that
 * the first few are spread over the list: if they all fail, so would the others. The output is
 * listed for a block of scenes at a time, which costs a bucket one request.
 */
final class PendingScenes {
  /** Keys that one list request returns. */
  private static final int BLOCK = 1000;

  private final Iterator<String> sceneKeys;
  private final ObjectStore out;
  private final boolean overwrite;
  private final RunCounters counters;
  private final ExistingCheck check;
  private final Queue<PendingScene> ready = new ArrayDeque<>();
  private boolean started;

  /** Decides which of the existing files are kept. */
  interface ExistingCheck {
    /**
     * Returns the files that need not be written again.
     *
     * @param existing output keys of files that exist
     */
    Set<String> complete(Set<String> existing) throws IOException, InterruptedException;
  }

  /**
   * Creates the sequence.
   *
   * @param out borrowed
   * @param overwrite whether scenes that have a file are pending as well
   * @param counters counts scenes that have a file, and scenes whose key names no file
   * @param check decides which existing files are kept
   */
  PendingScenes(
      Iterable<String> sceneKeys,
      ObjectStore out,
      boolean overwrite,
      RunCounters counters,
      ExistingCheck check) {
    this.sceneKeys = sceneKeys.iterator();
    this.out = out;
    this.overwrite = overwrite;
    this.counters = counters;
    this.check = check;
  }

  /** Returns the next scene; empty after the last. */
  synchronized Optional<PendingScene> next() throws IOException, InterruptedException {
    while (ready.isEmpty() && sceneKeys.hasNext()) {
      fill();
    }
    return Optional.ofNullable(ready.poll());
  }

  private void fill() throws IOException, InterruptedException {
    Map<String, PendingScene> block = new LinkedHashMap<>();
    while (block.size() < BLOCK && sceneKeys.hasNext()) {
      String sceneKey = sceneKeys.next();
      try {
        String outputKey = OutputKey.of(sceneKey);
        // Fails here, for this scene alone, if the output cannot have such a name.
        out.uri(outputKey);
        block.put(sceneKey, new PendingScene(sceneKey, outputKey));
      } catch (IllegalArgumentException e) {
        counters.failed(sceneKey, SceneException.permanent(sceneKey, e.getMessage(), e));
      }
    }
    Set<String> existing =
        overwrite
            ? Set.of()
            : check.complete(
                existing(block.values().stream().map(PendingScene::outputKey).toList()));
    List<PendingScene> left = new ArrayList<>();
    for (PendingScene scene : block.values()) {
      if (existing.contains(scene.outputKey())) {
        counters.alreadyDone();
      } else {
        left.add(scene);
      }
    }
    if (!started && !left.isEmpty()) {
      started = true;
      left = spread(left, FirstScenes.COUNT);
      counters.first(left.stream().limit(FirstScenes.COUNT).map(PendingScene::sceneKey).toList());
    }
    ready.addAll(left);
  }

  /** Returns a list with a number of evenly spaced elements moved to its start. */
  static <T> List<T> spread(List<T> list, int count) {
    int step = list.size() / count;
    if (step < 2) {
      return list;
    }
    List<T> result = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      result.add(list.get(i * step));
    }
    for (int i = 0; i < list.size(); i++) {
      if (i % step != 0 || i >= count * step) {
        result.add(list.get(i));
      }
    }
    return result;
  }

  private Set<String> existing(Collection<String> outputKeys) throws IOException {
    try {
      return out.existing(outputKeys);
    } catch (AccessDeniedException e) {
      throw new ConfigurationException(
          "cannot list --out %s to find finished scenes: grant %s, or use --overwrite"
              .formatted(out.root(), ObjectStores.listPermission(out.root())),
          e);
    }
  }
}
