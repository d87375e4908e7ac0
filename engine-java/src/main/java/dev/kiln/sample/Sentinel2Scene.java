package dev.kiln.sample;

import dev.kiln.archive.MgrsSquare;
import dev.kiln.archive.Sentinel2Key;
import dev.kiln.error.ConfigurationException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Synthetic Sentinel-2 scene: a tile on one day.
 *
 * @param square square of the Military Grid Reference System
 * @param satellite A or B
 * @param acquired acquisition date
 */
record Sentinel2Scene(MgrsSquare square, char satellite, LocalDate acquired) {
  static final Region REGION =
      new Region(400, 0.75f, 500, 6000, -1, 30_000, 140, -0.35f, -0.75f, 0.35f, 0);

  private static final MgrsSquare SQUARE = MgrsSquare.parse("31TCJ");
  private static final LocalDate FIRST = LocalDate.of(2023, 6, 1);
  private static final int REVISIT = 5;
  private static final int MOST = 100;
  private static final int GRID = 60;

  /** Fractions of the upper and left edges that are outside the swath. */
  private static final double CORNER_X = 0.42;

  private static final double CORNER_Y = 0.25;

  /**
   * Returns the first scenes of the archive.
   *
   * @throws ConfigurationException if the archive has fewer scenes
   */
  static List<Sentinel2Scene> first(int count) {
    if (count < 0 || count > MOST) {
      throw new ConfigurationException(
          "--sentinel-2: expected 0 to %d, found %d".formatted(MOST, count));
    }
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                new Sentinel2Scene(
                    SQUARE, i % 2 == 0 ? 'A' : 'B', FIRST.plusDays((long) i * REVISIT)))
        .toList();
  }

  String id() {
    return name().id();
  }

  /** Returns the scene key: that of the STAC item. */
  String key() {
    return name().key();
  }

  /** Returns the key of a file next to the item. */
  String key(String file) {
    String item = key();
    return item.substring(0, item.lastIndexOf('/') + 1) + file;
  }

  Instant datetime() {
    return acquired.atTime(LocalTime.of(10, 56, 31)).toInstant(ZoneOffset.UTC);
  }

  Utm utm() {
    return new Utm(square.zone(), square.north());
  }

  /**
   * Returns the 10 m grid.
   *
   * @param size side in pixels, even
   */
  Window window(int size) {
    double west = Math.floorDiv(square.easting(), GRID) * (double) GRID;
    double north = -Math.floorDiv(-(square.northing() + 100_000), GRID) * (double) GRID;
    return new Window(west, north, 10, size, size);
  }

  /**
   * Returns whether a position, in fractions of the scene from its upper left, is outside the
   * swath.
   */
  static boolean outside(double right, double down) {
    return right / CORNER_X + down / CORNER_Y < 1;
  }

  /**
   * Returns the corners of the swath in fractions of the scene (right, down), counter-clockwise.
   */
  static double[][] footprint() {
    return new double[][] {{0, CORNER_Y}, {0, 1}, {1, 1}, {1, 0}, {CORNER_X, 0}};
  }

  private Sentinel2Key name() {
    return new Sentinel2Key(
        square.name(),
        acquired.getYear(),
        acquired.getMonthValue(),
        acquired.getDayOfMonth(),
        satellite,
        0);
  }
}
