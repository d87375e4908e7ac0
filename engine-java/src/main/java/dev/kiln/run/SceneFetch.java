package dev.kiln.run;

import dev.kiln.archive.Mask;
import dev.kiln.archive.Scene;
import dev.kiln.archive.SceneArchive;
import dev.kiln.fault.SceneFault;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.memory.HostBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a scene's bytes into host memory, within the memory that is set aside for it: its mask
 * first, and its bands only if the mask lets a chip through.
 */
final class SceneFetch {
  private static final Logger log = LoggerFactory.getLogger(SceneFetch.class);
  private static final long FIRST_PAUSE_MILLIS = 500;

  private final SceneArchive archive;
  private final ObjectStore source;
  private final int attempts;
  private final SceneMasking masking;
  private final ByteBudget budget;

  /**
   * @param attempts tries for a transient fault
   * @param memory bytes held at once
   */
  SceneFetch(
      SceneArchive archive, ObjectStore source, SceneMasking masking, int attempts, long memory) {
    this.archive = archive;
    this.source = source;
    this.masking = masking;
    this.attempts = attempts;
    this.budget = new ByteBudget(memory);
  }

  /** Fetches one scene; transient faults are tried again with growing pauses. */
  FetchedScene fetch(String key, Stage stage) throws SceneFault, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return once(key, stage);
      } catch (SceneFault fault) {
        if (fault.kind() != SceneFault.Kind.TRANSIENT || attempt >= attempts) {
          throw fault;
        }
        long pause = FIRST_PAUSE_MILLIS << (attempt - 1);
        log.warn(
            "{}; trying again in {} ms ({} of {})", fault.getMessage(), pause, attempt, attempts);
        stage.waitFor(
            () -> {
              Thread.sleep(pause);
              return null;
            });
      }
    }
  }

  private FetchedScene once(String key, Stage stage) throws SceneFault, InterruptedException {
    Scene scene = archive.describe(key, source::read);
    if (scene.mask().isEmpty()) {
      return bands(scene, Optional.empty(), scene.assets(), 0, stage);
    }
    Mask mask = scene.mask().get();
    String object = mask.band().object().key();
    long size = source.size(object);
    ChipSelection selection;
    ByteBudget.Share share = stage.waitFor(() -> budget.take(size));
    // Given back before the bands' share is taken: scenes must not wait for each other's masks.
    try (share;
        HostBuffer bytes = source.fetch(object)) {
      selection = masking.select(scene, mask, bytes);
    }
    List<String> wanted = selection.surviving().isEmpty() ? List.of() : scene.assets();
    return bands(scene, Optional.of(selection), wanted, size, stage);
  }

  private FetchedScene bands(
      Scene scene, Optional<ChipSelection> selection, List<String> wanted, long before, Stage stage)
      throws SceneFault, InterruptedException {
    long bytes = 0;
    for (String asset : wanted) {
      bytes += source.size(asset);
    }
    long needed = bytes;
    ByteBudget.Share share = stage.waitFor(() -> budget.take(needed));
    Map<String, HostBuffer> assets = new LinkedHashMap<>();
    try {
      for (String asset : wanted) {
        assets.put(asset, source.fetch(asset));
      }
      return new FetchedScene(scene, selection, assets, before + needed, share);
    } catch (SceneFault | RuntimeException | Error e) {
      assets.values().forEach(HostBuffer::close);
      share.close();
      throw e;
    }
  }
}
