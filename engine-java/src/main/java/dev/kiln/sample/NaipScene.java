package dev.kiln.sample;

import dev.kiln.error.ConfigurationException;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.stream.IntStream;

/**
 * An imagined NAIP scene: a quarter of a map sheet of 7.5 minutes, photographed from the air. Its
 * place and its name fit each other as real ones do.
 *
 * @param survey the flight that it belongs to
 * @param sheet 1 to 64 in its block of one degree, row by row from the north-west
 * @param quarter 0 to 3: nw, ne, sw, se
 */
record NaipScene(Survey survey, int sheet, int quarter) {
  private static final String[] QUARTERS = {"nw", "ne", "sw", "se"};
  private static final int SHEETS = 64;
  private static final int SHEETS_A_SIDE = 8;

  /** Scenes reach over their quarter on all sides, metres. */
  private static final double OVERLAP = 300;

  /**
   * One state in one year.
   *
   * @param latitude of the block's south side, degrees north
   * @param longitude of the block's east side, degrees west
   * @param firstSheet of the block that scenes are taken from
   * @param centimetres side of a pixel
   * @param published null where names do not say
   * @param alpha whether the files tag near infrared as transparency, as many real ones do
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
          // The same ground as the one before, six years earlier.
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

  /** The most scenes that there are. */
  static final int MOST = SURVEYS.size() * SHEETS * QUARTERS.length;

  /**
   * The first scenes of the imagined archive.
   *
   * @throws ConfigurationException if there are not so many
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
              // From the quarter in the south-east on.
              int quarter = (place + 3) % QUARTERS.length;
              int sheet = (survey.firstSheet - 1 + place / QUARTERS.length) % SHEETS + 1;
              return new NaipScene(survey, sheet, quarter);
            })
        .toList();
  }

  /** File name without suffix. */
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

  /** Key in the bucket. */
  String key() {
    return key("rgbir_cog", ".tif");
  }

  /** Key in the bucket of something that belongs to the scene. */
  String key(String folder, String suffix) {
    return "%s/%s/%s/%s%s".formatted(surveyKey(), folder, block(), id(), suffix);
  }

  /** What the keys of the survey's objects begin with. */
  String surveyKey() {
    return "%s/%d/%dcm".formatted(survey.state, year(), survey.centimetres);
  }

  int year() {
    return survey.acquired.getYear();
  }

  /** The scene's grid if it has this many pixels, from its north-western corner. */
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

  /** Grids of a survey all lie on multiples of a pixel. */
  private static double snap(double metres, int centimetres) {
    return Math.round(metres * 100 / centimetres) * centimetres / 100.0;
  }
}
