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
 * The list of every object in the NAIP bucket, read for its scenes. Streams: nothing is held but
 * the line at hand.
 *
 * @param states two small letters each; empty for all
 * @param years survey years
 * @param resolutions metres per pixel; empty for all
 */
public record NaipManifest(Set<String> states, Years years, Set<Double> resolutions) {

  public NaipManifest {
    states = Set.copyOf(states);
    resolutions = Set.copyOf(resolutions);
  }

  /**
   * Reads what the command line asks for; null stands for "all".
   *
   * @throws ConfigurationException naming the flag if a value cannot be meant
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
   * Reads a manifest to its end and hands on the scenes asked for, in its order.
   *
   * @param name what is read, for messages
   * @param in the manifest, plain or gzip; closed at the end
   * @param scenes takes each scene's key
   * @return what was kept and what was left out, by kind
   * @throws ConfigurationException if the manifest is not text
   */
  public ListingStats select(String name, InputStream in, KeySink scenes) throws IOException {
    ListingStats tally = new ListingStats();
    try (KeyLines lines = new KeyLines(name, in)) {
      for (String key = lines.next(); key != null; key = lines.next()) {
        Optional<NaipKey> scene = NaipKey.read(key, kind -> tally.skip("not a scene: " + kind));
        if (scene.isPresent()) {
          Optional<String> reason = notAskedFor(scene.get());
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

  private Optional<String> notAskedFor(NaipKey scene) {
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
