package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The bands of plain files as users state them: names of all bands of a file in the file's order,
 * or numbers of the platform's bands within the file, in the platform's order.
 *
 * @param entries names or numbers, as written
 */
public record BandOrder(List<String> entries) {
  private static final String UNUSED = "-";
  private static final int MOST_BANDS = 1024;

  /** Copies the list. */
  public BandOrder {
    entries = List.copyOf(entries);
  }

  /**
   * Parses an order.
   *
   * @param text names such as {@code blue,green,red,-}, where a dash is a band that is not used, or
   *     numbers such as {@code 3,2,1}
   * @return the order
   * @throws ConfigurationException if it mixes names and numbers, or repeats one
   */
  public static BandOrder parse(String text) {
    List<String> entries = new ArrayList<>();
    for (String entry : text.split(",", -1)) {
      entries.add(entry.strip().toLowerCase(Locale.ROOT));
    }
    long numbers = entries.stream().filter(BandOrder::isNumber).count();
    List<String> used = entries.stream().filter(entry -> !entry.equals(UNUSED)).toList();
    boolean valid =
        (numbers == 0 || numbers == entries.size())
            && !used.isEmpty()
            && entries.size() <= MOST_BANDS
            && entries.stream().noneMatch(String::isEmpty)
            && new HashSet<>(used).size() == used.size();
    if (!valid) {
      throw new ConfigurationException(
          "--bands: expected names of the file's bands such as blue,green,red,- or numbers of the"
              + " platform's bands in the file such as 3,2,1, found '"
              + text
              + "'");
    }
    return new BandOrder(entries);
  }

  private static boolean isNumber(String entry) {
    return entry.matches("[1-9]\\d{0,3}");
  }

  /**
   * Checks that the order names every band of a platform.
   *
   * @param platform whose bands must be named
   * @throws ConfigurationException if it does not
   */
  public void requireFits(Platform platform) {
    List<String> bands = platform.bands().stream().map(Band::name).toList();
    List<String> missing =
        bands.stream().filter(band -> !entries.contains(band.toLowerCase(Locale.ROOT))).toList();
    if (isNumber(entries.get(0)) ? entries.size() != bands.size() : !missing.isEmpty()) {
      throw new ConfigurationException(
          "--bands: expected the %d bands of %s (%s), found %s"
              .formatted(
                  bands.size(),
                  platform.name(),
                  String.join(", ", bands),
                  String.join(",", entries)));
    }
  }

  /**
   * Returns the number of each band of a platform in a file, from 1.
   *
   * @param platform that the order fits
   * @param count bands that the file has
   * @return empty if the order does not fit the number of bands
   */
  Optional<List<Integer>> in(Platform platform, int count) {
    if (isNumber(entries.get(0))) {
      List<Integer> numbers = entries.stream().map(Integer::valueOf).toList();
      return numbers.stream().allMatch(number -> number <= count)
          ? Optional.of(numbers)
          : Optional.empty();
    }
    return entries.size() == count
        ? Optional.of(
            platform.bands().stream()
                .map(band -> entries.indexOf(band.name().toLowerCase(Locale.ROOT)) + 1)
                .toList())
        : Optional.empty();
  }

  /** Returns the entries as written on the command line. */
  @Override
  public String toString() {
    return String.join(",", entries);
  }
}
