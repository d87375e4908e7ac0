package dev.kiln.run;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decisions that change the vectors of a scene: by name, as its footer and the report record them.
 * Each kind of decision is logged once per process.
 */
final class SceneDecisions {
  private static final Logger log = LoggerFactory.getLogger(SceneDecisions.class);
  private static final Set<String> LOGGED = ConcurrentHashMap.newKeySet();

  private final String sceneKey;
  private final Map<String, String> byName = new TreeMap<>();

  /**
   * Creates an empty record.
   *
   * @param sceneKey scene, for the log
   */
  SceneDecisions(String sceneKey) {
    this.sceneKey = sceneKey;
  }

  /** Records an ordinary decision. */
  synchronized void note(String name, String format, Object... values) {
    record(name, String.format(Locale.ROOT, format, values), false);
  }

  /** Records a decision that the user should know of. */
  synchronized void warn(String name, String format, Object... values) {
    record(name, String.format(Locale.ROOT, format, values), true);
  }

  private void record(String name, String text, boolean warn) {
    byName.merge(
        name, text, (before, added) -> before.equals(added) ? before : before + "; " + added);
    // One line per kind: an archive has a million scenes of a kind.
    if (LOGGED.add(name + text.replaceAll("[0-9.]+", "#"))) {
      if (warn) {
        log.warn("decision={} value=\"{}\" scene={} (logged once per kind)", name, text, sceneKey);
      } else {
        log.info("decision={} value=\"{}\" scene={} (logged once per kind)", name, text, sceneKey);
      }
    }
  }

  /** Returns the decisions by name. */
  synchronized Map<String, String> byName() {
    return Map.copyOf(byName);
  }
}
