package dev.kiln.archive;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Compares texts that name bands of optical and radar sensors, whatever the platform is. */
public final class BandWords {
  /** Words around the name of a band. */
  private static final Pattern AROUND =
      Pattern.compile("^(band|channel|layer)[ _:-]+|[ _-]*(band|channel|reflectance)$|[ _-]+");

  /** Numbers of bands as sensors have them, such as {@code B04} and {@code B8A}. */
  private static final Pattern NUMBER = Pattern.compile("b0*(\\d{1,2}a?)");

  /** Parts of the spectrum, and polarisations, by a pattern of their names. */
  private static final Map<String, Pattern> KINDS =
      Map.ofEntries(
          kind("coastal", "(coastal|ultrablue).*"),
          kind("blue", "blue\\d*"),
          kind("green", "green(i|ii|\\d*)"),
          kind("yellow", "yellow\\d*"),
          kind("red", "red"),
          kind("red edge", "(rededge|vre).*"),
          kind("near infrared", "(nir|nearinfrared|nearir).*"),
          kind("short-wave infrared", "(swir|shortwaveinfrared).*"),
          kind("panchromatic", "pan(chromatic)?"),
          kind("thermal", "(lwir|thermal|tir).*"),
          kind("vv", "(.*[^a-z])?vv"),
          kind("vh", "(.*[^a-z])?vh"),
          kind("hv", "(.*[^a-z])?hv"),
          kind("hh", "(.*[^a-z])?hh"));

  private BandWords() {}

  private static Map.Entry<String, Pattern> kind(String name, String pattern) {
    return Map.entry(name, Pattern.compile(pattern));
  }

  /**
   * Returns whether a text names a band that is not the expected one: another sensor's number,
   * another part of the spectrum, or another polarisation. Texts that name none contradict nothing.
   *
   * @param text description of a band in a file
   * @param expected all names of the band that it should be
   * @param position number of the band in the file, from 1: as a name, it says nothing
   * @return whether it is another band
   */
  public static boolean contradict(String text, Collection<String> expected, int position) {
    if (agree(text, expected)) {
      return false;
    }
    Optional<String> number = number(text, position);
    Set<String> numbers = all(expected, name -> number(name, position));
    if (number.isPresent() && !numbers.isEmpty()) {
      return !numbers.contains(number.get());
    }
    Optional<String> kind = kind(text);
    Set<String> kinds = all(expected, BandWords::kind);
    return kind.isPresent() && !kinds.isEmpty() && !kinds.contains(kind.get());
  }

  /**
   * Returns whether a text is one of some names.
   *
   * @param text description of a band
   * @param expected names
   * @return whether it is one, but for case and separators
   */
  public static boolean agree(String text, Collection<String> expected) {
    String word = word(text);
    return !word.isEmpty() && expected.stream().anyMatch(name -> word(name).equals(word));
  }

  private static Set<String> all(
      Collection<String> names, Function<String, Optional<String>> found) {
    return names.stream().flatMap(name -> found.apply(name).stream()).collect(Collectors.toSet());
  }

  private static Optional<String> number(String text, int position) {
    Matcher number = NUMBER.matcher(word(text));
    return number.matches() && !number.group(1).equals(Integer.toString(position))
        ? Optional.of(number.group(1))
        : Optional.empty();
  }

  private static Optional<String> kind(String text) {
    String word = word(text);
    return KINDS.entrySet().stream()
        .filter(kind -> kind.getValue().matcher(word).matches())
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private static String word(String text) {
    return AROUND.matcher(text.strip().toLowerCase(Locale.ROOT)).replaceAll("");
  }

  /** Returns whether a name is that of opacity or of a mask, which no sensor measures. */
  static boolean isOfNoSensor(String name) {
    return List.of("alpha", "mask", "opacity", "transparency", "nodata").contains(word(name));
  }

  /**
   * Returns how two lists that describe the bands of one file contradict each other.
   *
   * @param newer names and common names of each band
   * @param older the same of the other list
   * @return the first band that is another one in the other list, from 0; empty for none
   */
  static Optional<Integer> firstContradiction(List<StacBand> newer, List<StacBand> older) {
    for (int i = 0; i < Math.min(newer.size(), older.size()); i++) {
      String one = newer.get(i).commonName().toLowerCase(Locale.ROOT);
      String other = older.get(i).commonName().toLowerCase(Locale.ROOT);
      boolean common = !one.isEmpty() && !other.isEmpty();
      // Common names became longer in STAC 1.1, such as rededge071.
      if (common && !one.startsWith(other) && !other.startsWith(one)
          || !common && isMoved(newer, older, i)) {
        return Optional.of(i);
      }
    }
    return Optional.empty();
  }

  /** Returns whether the name of a band is that of another position in the other list. */
  private static boolean isMoved(List<StacBand> newer, List<StacBand> older, int index) {
    List<String> one = newer.get(index).names();
    List<String> other = older.get(index).names();
    if (one.isEmpty() || other.isEmpty() || one.stream().anyMatch(name -> agree(name, other))) {
      return false;
    }
    for (int i = 0; i < Math.max(newer.size(), older.size()); i++) {
      List<String> names = i < older.size() ? older.get(i).names() : List.of();
      List<String> others = i < newer.size() ? newer.get(i).names() : List.of();
      if (i != index
          && (one.stream().anyMatch(name -> agree(name, names))
              || other.stream().anyMatch(name -> agree(name, others)))) {
        return true;
      }
    }
    return one.stream().anyMatch(name -> contradict(name, other, index + 1));
  }
}
