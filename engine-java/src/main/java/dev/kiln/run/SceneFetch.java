package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.archive.SceneArchive;
import dev.kiln.fault.SceneFault;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.RangePlan;
import dev.kiln.fetch.SparseObject;
import dev.kiln.memory.ByteRange;
import dev.kiln.memory.HostBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings a scene's bytes into host memory, within the memory that is set aside for it. */
final class SceneFetch {
  private static final Logger log = LoggerFactory.getLogger(SceneFetch.class);
  private static final long FIRST_PAUSE_MILLIS = 500;

  private final SceneArchive archive;
  private final ObjectStore source;
  private final int attempts;
  private final ByteBudget budget;

  SceneFetch(SceneArchive archive, ObjectStore source, int attempts, long memory) {
    this.archive = archive;
    this.source = source;
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
    List<SparseObject> objects = source.open(scene.assets());
    List<RangePlan> plans =
        objects.stream().map(o -> o.plan(List.of(new ByteRange(0, o.size())))).toList();
    long needed = objects.stream().mapToLong(SparseObject::size).sum();
    ByteBudget.Share share = stage.waitFor(() -> budget.take(needed));
    Map<String, HostBuffer> assets = new LinkedHashMap<>();
    try {
      source.fetch(plans);
      objects.forEach(o -> assets.put(o.key(), o.buffer()));
      return new FetchedScene(scene, assets, share);
    } catch (SceneFault | InterruptedException | RuntimeException | Error e) {
      ObjectStore.closeAll(objects);
      share.close();
      throw e;
    }
  }
}
