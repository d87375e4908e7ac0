package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Selects scenes from the list of all objects in the NAIP bucket. The list is streamed; only the
 * current line is in memory.
 *
 * @param states two lower-case letters each; empty for all
 * @param years of the survey
 * @param resolutions metres per pixel; empty for all
 */
public record NaipManifest(Set<String> states, Years years, Set<Double> resolutions) {

  /** Copies the sets. */
  public NaipManifest {
    states = Set.copyOf(states);
    resolutions = Set.copyOf(resolutions);
  }

  /**
   * Parses the selection on the command line; null selects all.
   *
   * @param states comma-separated, two letters each
   * @param years as {@link Years#parse} reads them
   * @param resolutions comma-separated, such as {@code 60cm}
   * @return the selection
   * @throws ConfigurationException if a value is invalid, with the flag in the message
   */
  public static NaipManifest of(String states, String years, String resolutions) {
    Set<String> stateSet = new HashSet<>();
    for (String state : list(states)) {
      if (!state.matches("[a-z]{2}")) {
        throw new ConfigurationException(
            "--state: expected two letters such as nd,ca, found '" + state + "'");
      }
      stateSet.add(state);
    }
    Set<Double> metres = new HashSet<>();
    for (String resolution : list(resolutions)) {
      OptionalDouble gsd = NaipKey.resolution(resolution);
      if (gsd.isEmpty()) {
        throw new ConfigurationException(
            "--resolution: expected values such as 60cm,100cm, found '" + resolution + "'");
      }
      metres.add(gsd.getAsDouble());
    }
    return new NaipManifest(
        stateSet, years == null ? Years.ALL : Years.parse("--year", years), metres);
  }

  private static String[] list(String text) {
    return text == null ? new String[0] : text.toLowerCase(Locale.ROOT).strip().split("\\s*,\\s*");
  }

  /**
   * Reads a whole manifest and passes on the selected scenes, in the order of the manifest.
   *
   * @param name the option and the manifest, for messages
   * @param in the manifest, plain or gzip; closed at the end
   * @param scenes receives the key of each scene
   * @return the numbers of keys kept and skipped, by reason
   * @throws ConfigurationException if the manifest is not text
   * @throws IOException if the manifest cannot be read, or from {@code scenes}
   */
  public ListingStats select(String name, InputStream in, KeySink scenes) throws IOException {
    ListingStats tally = new ListingStats();
    try (KeyLines lines = new KeyLines(name, in)) {
      for (String key = lines.next(); key != null; key = lines.next()) {
        Optional<NaipKey> scene = NaipKey.read(key, kind -> tally.skip("not a scene: " + kind));
        if (scene.isPresent()) {
          Optional<String> reason = exclusion(scene.get());
          if (reason.isPresent()) {
            tally.skip(reason.get());
          } else {
            scenes.accept(key);
            tally.keep();
          }
        }
      }
    }
    return tally;
  }

  private Optional<String> exclusion(NaipKey scene) {
    if (!states.isEmpty() && !states.contains(scene.state())) {
      return Optional.of("other state");
    }
    if (!years.contains(scene.year())) {
      return Optional.of("other year");
    }
    return resolutions.isEmpty() || resolutions.contains(scene.gsd())
        ? Optional.empty()
        : Optional.of("other resolution");
  }
}
