package dev.kiln.explore;

import dev.kiln.dataset.RowFilter;
import dev.kiln.picture.ColoredChips;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import org.locationtech.jts.geom.Envelope;

/**
 * Which chips the page shows: those that meet every condition that is set.
 *
 * @param from first day, in UTC
 * @param to last day, in UTC
 * @param platforms names; empty for all
 * @param maxCloud largest share of cloud, 0 to 1
 */
record ChipFilter(
    Optional<LocalDate> from,
    Optional<LocalDate> to,
    Set<String> platforms,
    OptionalDouble maxCloud) {
  private static final int MOST_PLATFORMS = 127;
  private static final int LAST_YEAR = 9999;

  ChipFilter {
    platforms = Set.copyOf(platforms);
  }

  /**
   * Reads the parameters {@code from}, {@code to}, {@code platforms} and {@code cloud}, of which
   * each can be missing or empty. Names of platforms are separated by commas; a comma alone is the
   * empty name, of chips whose platform is unknown.
   *
   * @throws BadRequestException if one is not valid
   */
  static ChipFilter of(Map<String, String> parameters) {
    String platforms = parameters.getOrDefault("platforms", "");
    Set<String> names = new TreeSet<>();
    if (!platforms.isEmpty()) {
      names.addAll(Arrays.asList(platforms.split(",", -1)));
      if (names.size() > MOST_PLATFORMS) {
        throw new BadRequestException(
            "platforms: expected at most %d, found %d".formatted(MOST_PLATFORMS, names.size()));
      }
    }
    return new ChipFilter(
        day(parameters, "from"), day(parameters, "to"), names, share(parameters, "cloud"));
  }

  private static Optional<LocalDate> day(Map<String, String> parameters, String name) {
    String text = parameters.getOrDefault(name, "");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      LocalDate day = LocalDate.parse(text);
      if (day.getYear() >= 0 && day.getYear() <= LAST_YEAR) {
        return Optional.of(day);
      }
    } catch (DateTimeParseException e) {
      // Reported below.
    }
    throw new BadRequestException(name + ": expected a day such as 2020-08-31, found another text");
  }

  private static OptionalDouble share(Map<String, String> parameters, String name) {
    String text = parameters.getOrDefault(name, "");
    if (text.isEmpty()) {
      return OptionalDouble.empty();
    }
    try {
      double value = Double.parseDouble(text);
      if (value >= 0 && value <= 1) {
        return OptionalDouble.of(value);
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new BadRequestException(name + ": expected a fraction from 0 to 1, found another value");
  }

  private Optional<Instant> begin() {
    return from.map(day -> day.atStartOfDay(ZoneOffset.UTC).toInstant());
  }

  private Optional<Instant> end() {
    return to.map(
        day ->
            day.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant().minus(1, ChronoUnit.MICROS));
  }

  /** Returns the same conditions for a search. */
  RowFilter rows() {
    RowFilter.Builder rows = RowFilter.builder().platforms(platforms);
    begin().ifPresent(rows::from);
    end().ifPresent(rows::to);
    maxCloud.ifPresent(rows::maxCloud);
    return rows.build();
  }

  /** Decides about many chips. */
  interface Test {
    /** Returns whether a chip meets the filter. */
    boolean accepts(int chip);
  }

  /** Returns the filter for the chips of a dataset. */
  Test test(ColoredChips chips) {
    RowFilter filter = rows();
    if (filter.isAll()) {
      return chip -> true;
    }
    RowFilter.Test test = filter.test();
    return chip -> test.meets(new ChipRow(chips, chip));
  }

  /** A chip as the filter sees it. */
  private record ChipRow(ColoredChips chips, int chip) implements RowFilter.Row {
    @Override
    public String chipId() {
      throw new UnsupportedOperationException("the page does not filter by chip");
    }

    @Override
    public String platform() {
      return chips.platformOf(chip);
    }

    @Override
    public long micros() {
      return chips.micros(chip);
    }

    @Override
    public float cloud() {
      return chips.cloud(chip);
    }

    @Override
    public float nodata() {
      throw new UnsupportedOperationException("the page does not filter by missing data");
    }

    @Override
    public Envelope box() {
      throw new UnsupportedOperationException("the page does not filter by area");
    }
  }
}
