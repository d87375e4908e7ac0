package dev.kiln.run;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Units of backscatter that become decibels. */
enum Backscatter {
  /** A ratio of powers, as backscatter coefficients are. */
  POWER("linear power", 10),
  /** Its square root. */
  AMPLITUDE("amplitude", 20);

  /** Words of metadata that mean the square root, in lower case. */
  private static final Pattern OF_AMPLITUDE = Pattern.compile("amplitude|\\bsqrt\\b|square root");

  /** Words of metadata that mean decibels, which positive values are not. */
  private static final Pattern OF_DECIBELS = Pattern.compile("decibel|(?<![a-z])db(?![a-z])");

  /** Words of metadata that mean power: the coefficients are ratios of powers by definition. */
  private static final Pattern OF_POWER =
      Pattern.compile(
          "power|intensity|(gamma|sigma|beta)[ _-]?(naught|nought|zero|0)|[γσβ][0⁰°o]"
              // Collections of Planetary Computer, Digital Earth Africa and Australia, and OPERA.
              + "|\\bcollection (sentinel-1-rtc|s1_rtc|ga_s1_.*|opera_l2_rtc-s1_.*)$");

  /** Names of HyP3's products state the unit: {@code _RTC30_G_gpuned_}, p for power. */
  private static final Pattern HYP3 =
      Pattern.compile("_rtc\\d\\d_[a-z]_[gs]([pad])[uw][nf][ec][dm]_");

  private final String text;
  private final int factor;

  Backscatter(String text, int factor) {
    this.text = text;
    this.factor = factor;
  }

  /** Returns the unit in words. */
  String text() {
    return text;
  }

  /** Returns the factor of the logarithm in decibels. */
  int factor() {
    return factor;
  }

  /**
   * What the metadata state about the values of a band.
   *
   * @param words units, titles and descriptions
   * @param names names of the files
   */
  record Evidence(List<String> words, List<String> names) {
    /** Returns the unit; empty if none is stated, or several are. */
    Optional<Backscatter> unit() {
      Set<Optional<Backscatter>> found = units();
      return found.size() == 1 ? found.iterator().next() : Optional.empty();
    }

    /** Returns whether this unit is stated, and no other one. */
    boolean states(Backscatter unit) {
      return units().equals(Set.of(Optional.of(unit)));
    }

    /** Returns whether decibels are stated, and nothing else. */
    boolean statesDecibels() {
      return units().equals(Set.of(Optional.empty()));
    }

    /** Returns all units that are stated; empty ones are decibels. */
    private Set<Optional<Backscatter>> units() {
      Set<Optional<Backscatter>> found = new HashSet<>();
      for (String name : names) {
        Matcher product = HYP3.matcher(name.toLowerCase(Locale.ROOT));
        if (product.find()) {
          found.add(
              switch (product.group(1)) {
                case "p" -> Optional.of(POWER);
                case "a" -> Optional.of(AMPLITUDE);
                default -> Optional.empty();
              });
        }
      }
      for (String word : words) {
        String lower = word.toLowerCase(Locale.ROOT);
        if (OF_AMPLITUDE.matcher(lower).find()) {
          found.add(Optional.of(AMPLITUDE));
        }
        if (OF_POWER.matcher(lower).find()) {
          found.add(Optional.of(POWER));
        }
        if (OF_DECIBELS.matcher(lower).find()) {
          found.add(Optional.empty());
        }
      }
      return found;
    }
  }

  /**
   * Returns the unit that the metadata of a scene state for all of its bands.
   *
   * @param bands what is stated about each band
   * @return empty if nothing is stated, or what is stated contradicts itself
   */
  static Optional<Backscatter> stated(List<Evidence> bands) {
    Set<Optional<Backscatter>> units = new HashSet<>();
    bands.forEach(band -> units.add(band.unit()));
    return units.size() == 1 ? units.iterator().next() : Optional.empty();
  }
}
