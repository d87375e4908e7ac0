package dev.kiln.archive;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the key of a Sentinel-2 item in {@code sentinel-cogs} says: {@code
 * sentinel-s2-l2a-cogs/{zone}/{band}/{square}/{year}/{month}/{id}/{id}.json} with the id {@code
 * S2{satellite}_{tile}_{yyyymmdd}_{sequence}_L2A}.
 *
 * <p>Every part is small, so that a key packs into a {@code long}: millions of them are sorted in 8
 * bytes each, by zone, band, square, day, satellite and sequence.
 *
 * @param tile such as {@code 20HNJ}
 * @param year of acquisition, 2000 to 2999
 * @param month of acquisition
 * @param day of acquisition
 * @param satellite A, B or C
 * @param sequence counts the passes, data strips and processings of one tile and day; below 1000
 */
public record Sentinel2Key(
    String tile, int year, int month, int day, char satellite, int sequence) {

  /** What every item's key ends with. */
  public static final String SUFFIX = "L2A.json";

  private static final String PREFIX = "sentinel-s2-l2a-cogs/";
  private static final Pattern ID =
      Pattern.compile(
          "S2([A-Z])_([1-9]\\d?[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V])_(2\\d{3})(0[1-9]|1[0-2])([0-2]\\d|3[01])_(\\d{1,3})_L2A");

  // Widths of the packed parts, the last first; the zone takes what is left.
  private static final int SEQUENCE_BITS = 10;
  private static final int LETTER_BITS = 5;
  private static final int DAY_BITS = 5;
  private static final int MONTH_BITS = 4;
  private static final int YEAR_BITS = 10;
  private static final int FIRST_YEAR = 2000;

  /**
   * Reads an item's key.
   *
   * @return empty if it lies anywhere else than its id says
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

  /** The item's id. */
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

  /** The item's key in the bucket. */
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

  /** The key in 55 bits. */
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

  /** The key that was packed. */
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

  /** Returns what keys of one tile, day and satellite share: all but the sequence number. */
  static long tileDay(long packed) {
    return packed >>> SEQUENCE_BITS;
  }

  private static int low(long value, int bits) {
    return (int) (value & (1L << bits) - 1);
  }
}
