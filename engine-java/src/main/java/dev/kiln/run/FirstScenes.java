package dev.kiln.run;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Detects that the first scenes of a run all fail for the same reason, before any could be opened:
 * then the options are wrong, and not the scenes. The first scenes are spread over the list (see
 * {@link PendingScenes}), so a few deleted or damaged neighbours are no such case.
 */
final class FirstScenes {
  /** Number of scenes that must fail. */
  static final int COUNT = 8;

  /** Directories of a source that are searched for a missing scene. */
  private static final int MAX_DIRECTORIES = 100;

  private final ObjectStore source;
  private final Set<String> watched = new HashSet<>();
  private volatile boolean decided;
  private String reason;
  private ConfigurationException verdict;

  /**
   * Creates a detector.
   *
   * @param source borrowed; searched for a missing scene, for the message
   */
  FirstScenes(ObjectStore source) {
    this.source = source;
  }

  /** Sets which scenes are the first; fewer than {@link #COUNT} prove nothing. */
  synchronized void watch(List<String> sceneKeys) {
    if (sceneKeys.size() == COUNT) {
      watched.addAll(sceneKeys);
    }
  }

  /** Notes that a scene was opened, or had been embedded before the run. */
  void readable() {
    decided = true;
  }

  /**
   * Notes that a scene failed.
   *
   * @throws ConfigurationException if the first scenes have all failed for the same reason; then
   *     for every further scene as well
   */
  synchronized void failed(FailedScene scene) {
    if (verdict == null && !decided && watched.remove(scene.key())) {
      String general = FailedScene.withoutDetails(scene.reason());
      if (scene.kind() != FailedScene.Kind.PERMANENT || reason != null && !reason.equals(general)) {
        decided = true;
        return;
      }
      reason = general;
      if (watched.isEmpty()) {
        verdict =
            new ConfigurationException(
                "the first %d scenes, spread over the list, failed for the same reason (%s: %s): %s"
                    .formatted(COUNT, scene.key(), scene.description(), advice(scene)));
      }
    }
    if (verdict != null) {
      throw verdict;
    }
  }

  private String advice(FailedScene scene) {
    try {
      return betterRoot(scene.object())
          .map(root -> "the object is in %s: give that as --source".formatted(root))
          .orElse(
              "expected --source and platform of the scenes in --scenes, found other ones; correct"
                  + " them");
    } catch (IOException | RuntimeException e) {
      return "correct --source, --scenes or the platform";
    }
  }

  /** Returns the directory of the source in which an object is found that its root lacks. */
  private Optional<String> betterRoot(String key) throws IOException {
    if (source.exists(key)) {
      return Optional.empty();
    }
    List<String> directories = source.list("");
    for (String name : directories.subList(0, Math.min(directories.size(), MAX_DIRECTORIES))) {
      if (source.exists(name + "/" + key)) {
        return Optional.of(source.uri(name));
      }
    }
    return Optional.empty();
  }
}
