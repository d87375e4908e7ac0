package dev.kiln.sample;

import dev.kiln.error.ConfigurationException;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Synthetic NAIP scene: a quarter of a 7.5-minute quadrangle. Its name matches its location, as in
 * the real archive.
 *
 * @param survey survey that the scene belongs to
 * @param sheet 1 to 64 in its block of one degree, row by row from the north-west
 * @param quarter 0 to 3: nw, ne, sw, se
 */
record NaipScene(Survey survey, int sheet, int quarter) {
  private static final String[] QUARTERS = {"nw", "ne", "sw", "se"};
  private static final int SHEETS = 64;
  private static final int SHEETS_A_SIDE = 8;

  /** Overlap with neighbouring scenes on all sides in metres. */
  private static final double OVERLAP = 300;

  /**
   * Survey of one state in one year.
   *
   * @param state two-letter code
   * @param latitude southern edge of the block in degrees north
   * @param longitude eastern edge of the block in degrees west
   * @param firstSheet first sheet of the block
   * @param centimetres pixel size in centimetres
   * @param acquired acquisition date
   * @param published publication date; null if the names have none
   * @param alpha whether the files tag near infrared as alpha, as many real ones do
   * @param region type of landscape
   */
  record Survey(
      String state,
      int latitude,
      int longitude,
      int firstSheet,
      int centimetres,
      LocalDate acquired,
      LocalDate published,
      boolean alpha,
      Region region) {}

  private static final Region PRAIRIE =
      new Region(400, 0.12f, 120, 700, -0.45f, 9000, 0, -0.95f, -1.3f, 0.3f, 0);
  private static final Region IRRIGATED =
      new Region(320, 0.05f, 120, 4000, -1.2f, 7000, 25, -1.1f, -0.45f, 0.75f, 0.12f);
  private static final Region WOODED =
      new Region(240, 0.6f, 120, 2500, -1, 5000, 40, 0.15f, -0.8f, 0.2f, 0);

  private static final List<Survey> SURVEYS =
      List.of(
          new Survey(
              "nd",
              47,
              99,
              63,
              60,
              LocalDate.of(2020, 8, 31),
              LocalDate.of(2020, 12, 17),
              true,
              PRAIRIE),
          // The area of the previous survey, six years earlier.
          new Survey("nd", 47, 99, 63, 100, LocalDate.of(2014, 7, 20), null, false, PRAIRIE),
          new Survey(
              "ca",
              32,
              114,
              11,
              60,
              LocalDate.of(2018, 7, 18),
              LocalDate.of(2019, 2, 8),
              true,
              IRRIGATED),
          new Survey("al", 30, 85, 1, 100, LocalDate.of(2011, 8, 15), null, false, WOODED));

  /** Number of scenes in the archive. */
  static final int MOST = SURVEYS.size() * SHEETS * QUARTERS.length;

  /**
   * Returns the first scenes of the archive.
   *
   * @throws ConfigurationException if the archive has fewer scenes
   */
  static List<NaipScene> first(int count) {
    if (count < 0 || count > MOST) {
      throw new ConfigurationException("--naip: expected 0 to %d, found %d".formatted(MOST, count));
    }
    return IntStream.range(0, count)
        .mapToObj(
            i -> {
              Survey survey = SURVEYS.get(i % SURVEYS.size());
              int place = i / SURVEYS.size();
              // Starts with the south-eastern quarter.
              int quarter = (place + 3) % QUARTERS.length;
              int sheet = (survey.firstSheet - 1 + place / QUARTERS.length) % SHEETS + 1;
              return new NaipScene(survey, sheet, quarter);
            })
        .toList();
  }

  /** Returns the file name without suffix. */
  String id() {
    String resolution =
        survey.published == null
            ? Integer.toString(survey.centimetres / 100)
            : "%03d".formatted(survey.centimetres);
    String id =
        "m_%s%02d_%s_%d_%s_%s"
            .formatted(
                block(), sheet, QUARTERS[quarter], utmZone(), resolution, day(survey.acquired));
    return survey.published == null ? id : id + "_" + day(survey.published);
  }

  /** Returns the scene key. */
  String key() {
    return key("rgbir_cog", ".tif");
  }

  /** Returns the key of another object of the scene. */
  String key(String directory, String suffix) {
    return "%s/%s/%s/%s%s".formatted(surveyKey(), directory, block(), id(), suffix);
  }

  /** Returns the key prefix of the survey's objects. */
  String surveyKey() {
    return "%s/%d/%dcm".formatted(survey.state, year(), survey.centimetres);
  }

  int year() {
    return survey.acquired.getYear();
  }

  /** Returns a grid of the given size from the scene's north-western corner. */
  Window window(int width, int height) {
    double side = 1.0 / SHEETS_A_SIDE;
    double latitude = survey.latitude + 1 - (sheet - 1) / SHEETS_A_SIDE * side;
    double longitude = -survey.longitude - 1 + (sheet - 1) % SHEETS_A_SIDE * side;
    double[] corner =
        utm().toMetres(longitude + quarter % 2 * side / 2, latitude - quarter / 2 * side / 2);
    double pixel = survey.centimetres / 100.0;
    return new Window(
        snap(corner[0] - OVERLAP, survey.centimetres),
        snap(corner[1] + OVERLAP, survey.centimetres),
        pixel,
        width,
        height);
  }

  Utm utm() {
    return new Utm(utmZone(), true);
  }

  private int utmZone() {
    return Utm.zoneOf(-survey.longitude - 0.5);
  }

  private String block() {
    return "%02d%03d".formatted(survey.latitude, survey.longitude);
  }

  private static String day(LocalDate date) {
    return date.format(DateTimeFormatter.BASIC_ISO_DATE);
  }

  /** Snaps a coordinate to a multiple of the pixel size, as all grids of a survey are. */
  private static double snap(double metres, int centimetres) {
    return Math.round(metres * 100 / centimetres) * centimetres / 100.0;
  }
}
