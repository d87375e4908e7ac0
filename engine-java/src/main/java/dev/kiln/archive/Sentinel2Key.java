package dev.kiln.archive;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The parsed key of a Sentinel-2 item in {@code sentinel-cogs}: {@code
 * sentinel-s2-l2a-cogs/{zone}/{band}/{square}/{year}/{month}/{id}/{id}.json} with the id {@code
 * S2{satellite}_{tile}_{yyyymmdd}_{sequence}_L2A}.
 *
 * <p>A key fits into a {@code long}, so that millions are sorted with 8 bytes each, by zone, band,
 * square, day, satellite and sequence number.
 *
 * @param tile such as {@code 20HNJ}
 * @param year of acquisition, 2000 to 2999
 * @param month of acquisition
 * @param day of acquisition
 * @param satellite A, B or C
 * @param sequence number of the pass, data strip or processing of one tile and day; below 1000
 */
public record Sentinel2Key(
    String tile, int year, int month, int day, char satellite, int sequence) {

  /** The suffix of all items. */
  public static final String SUFFIX = "L2A.json";

  private static final String PREFIX = "sentinel-s2-l2a-cogs/";
  private static final Pattern ID =
      Pattern.compile(
          "S2([A-Z])_([1-9]\\d?[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V])_(2\\d{3})(0[1-9]|1[0-2])([0-2]\\d|3[01])_(\\d{1,3})_L2A");

  // Widths of the packed parts, least significant first; the zone has the remaining bits.
  private static final int SEQUENCE_BITS = 10;
  private static final int LETTER_BITS = 5;
  private static final int DAY_BITS = 5;
  private static final int MONTH_BITS = 4;
  private static final int YEAR_BITS = 10;
  private static final int FIRST_YEAR = 2000;

  /**
   * Parses the key of an item.
   *
   * @param key of any object
   * @return empty if the key is not that of an item, or its path and id differ
   */
  public static Optional<Sentinel2Key> parse(String key) {
    int from = key.lastIndexOf('/') + 1;
    int to = key.length() - ".json".length();
    if (from > to || !key.endsWith(".json")) {
      return Optional.empty();
    }
    Matcher id = ID.matcher(key).region(from, to);
    if (!id.matches()) {
      return Optional.empty();
    }
    Sentinel2Key read =
        new Sentinel2Key(
            id.group(2),
            Integer.parseInt(id.group(3)),
            Integer.parseInt(id.group(4)),
            Integer.parseInt(id.group(5)),
            id.group(1).charAt(0),
            Integer.parseInt(id.group(6)));
    return read.key().equals(key) ? Optional.of(read) : Optional.empty();
  }

  /**
   * Returns the item's id.
   *
   * @return such as {@code S2A_20HNJ_20240501_0_L2A}
   */
  public String id() {
    return new StringBuilder(32)
        .append("S2")
        .append(satellite)
        .append('_')
        .append(tile)
        .append('_')
        .append(year * 10_000 + month * 100 + day)
        .append('_')
        .append(sequence)
        .append("_L2A")
        .toString();
  }

  /**
   * Returns the item's key in the bucket.
   *
   * @return the key
   */
  public String key() {
    String id = id();
    int square = tile.length() - 2;
    return new StringBuilder(128)
        .append(PREFIX)
        .append(tile, 0, square - 1)
        .append('/')
        .append(tile.charAt(square - 1))
        .append('/')
        .append(tile, square, tile.length())
        .append('/')
        .append(year)
        .append('/')
        .append(month)
        .append('/')
        .append(id)
        .append('/')
        .append(id)
        .append(".json")
        .toString();
  }

  /** Packs the key into 55 bits. */
  long pack() {
    int square = tile.length() - 2;
    long packed = Integer.parseInt(tile, 0, square - 1, 10);
    for (int i = square - 1; i < tile.length(); i++) {
      packed = packed << LETTER_BITS | tile.charAt(i) - 'A';
    }
    packed = packed << YEAR_BITS | year - FIRST_YEAR;
    packed = packed << MONTH_BITS | month;
    packed = packed << DAY_BITS | day;
    packed = packed << LETTER_BITS | satellite - 'A';
    return packed << SEQUENCE_BITS | sequence;
  }

  /** Returns the key that {@link #pack} packed. */
  static Sentinel2Key unpack(long packed) {
    long rest = packed;
    int sequence = low(rest, SEQUENCE_BITS);
    rest >>>= SEQUENCE_BITS;
    char satellite = (char) ('A' + low(rest, LETTER_BITS));
    rest >>>= LETTER_BITS;
    int day = low(rest, DAY_BITS);
    rest >>>= DAY_BITS;
    int month = low(rest, MONTH_BITS);
    rest >>>= MONTH_BITS;
    int year = FIRST_YEAR + low(rest, YEAR_BITS);
    rest >>>= YEAR_BITS;
    StringBuilder tile = new StringBuilder(5);
    for (int i = 0; i < 3; i++) {
      tile.append((char) ('A' + low(rest, LETTER_BITS)));
      rest >>>= LETTER_BITS;
    }
    tile.append(new StringBuilder().append(rest).reverse()).reverse();
    return new Sentinel2Key(tile.toString(), year, month, day, satellite, sequence);
  }

  /**
   * Returns a packed key without its sequence number: equal for keys of one tile, day and
   * satellite.
   */
  static long tileDay(long packed) {
    return packed >>> SEQUENCE_BITS;
  }

  private static int low(long value, int bits) {
    return (int) (value & (1L << bits) - 1);
  }
}
