package dev.kiln.archive;

import dev.kiln.error.SceneException;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.type.PixelType;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;

/**
 * The parsed key of a NAIP scene: {@code {state}/{year}/{res}/rgbir_cog/{block}/{name}.tif}, with
 * the name {@code m_{quad}_{quarter}_{utm zone}_{res}_{acquired}[_{published}]}. No other object in
 * the bucket is a scene.
 *
 * @param key the whole key
 * @param itemId file name without suffix
 * @param state two lower-case letters
 * @param year of the survey, from the path
 * @param gsd metres per pixel, from the path: 0.6 for {@code 60cm}
 * @param acquired day of acquisition: the first date in the name (the second is the publication)
 */
public record NaipKey(
    String key, String itemId, String state, int year, double gsd, LocalDate acquired) {

  private static final String BUCKET = "s3://naip-analytic/";

  /** Bands in the order of the files, which is also the order of Clay. */
  public static final List<String> BANDS = List.of("red", "green", "blue", "nir");

  private static final String DIRECTORY = "rgbir_cog";

  /**
   * Parses a key.
   *
   * @param key of a scene
   * @return its parts
   * @throws SceneException (permanent) if the key is not that of a scene, or has no date or no
   *     resolution
   */
  public static NaipKey parse(String key) throws SceneException {
    String[] found = new String[1];
    Optional<NaipKey> scene = read(key, kind -> found[0] = kind);
    return scene.orElseThrow(
        () ->
            SceneException.permanent(
                key,
                "not a NAIP scene ("
                    + found[0]
                    + "): expected {state}/{year}/{res}/rgbir_cog/{block}/{name with a date}.tif"));
  }

  /**
   * Parses a key that may not be that of a scene.
   *
   * @param key of any object in the bucket
   * @param otherwise receives the kind of any other key: its directory ({@code rgb}, {@code fgdc}
   *     …), or what is missing
   * @return empty if the key is not that of a scene
   */
  static Optional<NaipKey> read(String key, Consumer<String> otherwise) {
    String[] parts = key.split("/", -1);
    if (parts.length < 5 || !parts[3].equals(DIRECTORY)) {
      return not(parts.length < 5 ? "other" : parts[3], otherwise);
    }
    String file = parts[parts.length - 1];
    if (!file.endsWith(".tif")) {
      return not(DIRECTORY + ", not .tif", otherwise);
    }
    int year = parts[1].length() == 4 ? number(parts[1], 0, 4) : -1;
    if (parts.length != 6 || parts[0].length() != 2 || year < 0) {
      return not(DIRECTORY + ", other path", otherwise);
    }
    OptionalDouble gsd = resolution(parts[2]);
    if (gsd.isEmpty()) {
      return not("without resolution", otherwise);
    }
    String name = file.substring(0, file.length() - ".tif".length());
    Optional<LocalDate> acquired = acquired(name);
    if (acquired.isEmpty()) {
      return not("without date", otherwise);
    }
    String state = parts[0].toLowerCase(Locale.ROOT);
    return Optional.of(new NaipKey(key, name, state, year, gsd.getAsDouble(), acquired.get()));
  }

  private static Optional<NaipKey> not(String kind, Consumer<String> otherwise) {
    otherwise.accept(kind);
    return Optional.empty();
  }

  /** Parses {@code 60cm}, {@code 060cm} or {@code 0.6m} as metres. */
  static OptionalDouble resolution(String text) {
    boolean centimetres = text.endsWith("cm");
    if (!centimetres && !text.endsWith("m")) {
      return OptionalDouble.empty();
    }
    String number = text.substring(0, text.length() - (centimetres ? 2 : 1));
    boolean digits = !number.isEmpty() && number.length() <= 6;
    for (int i = 0; digits && i < number.length(); i++) {
      char c = number.charAt(i);
      digits = c >= '0' && c <= '9' || c == '.' && !centimetres && i > 0;
    }
    if (!digits || number.indexOf('.') != number.lastIndexOf('.') || number.endsWith(".")) {
      return OptionalDouble.empty();
    }
    double metres = Double.parseDouble(number) / (centimetres ? 100 : 1);
    return metres > 0 ? OptionalDouble.of(metres) : OptionalDouble.empty();
  }

  /**
   * Returns the scene. Keys contain no time of day; like the published embeddings, scenes have noon
   * UTC.
   *
   * @param platform whose bands are wanted
   * @return the scene, with its bands in the platform's order
   * @throws SceneException (permanent) if the platform has a band that NAIP does not
   */
  public Scene scene(Platform platform) throws SceneException {
    Instant noon = acquired.atTime(LocalTime.NOON).toInstant(ZoneOffset.UTC);
    List<BandAsset> bands = new ArrayList<>();
    for (Band band : platform.bands()) {
      int index = BANDS.indexOf(band.name());
      if (index < 0) {
        throw SceneException.permanent(
            key, "expected bands among %s, found %s".formatted(BANDS, band.name()));
      }
      bands.add(
          new BandAsset(band.name(), ObjectRef.inSource(key), index + 1, OptionalDouble.empty()));
    }
    return Scene.builder(key)
        .uri(BUCKET + key)
        .itemId(itemId)
        .datetime(noon)
        .gsd(gsd)
        .bands(bands)
        .pixelType(PixelType.UINT8)
        .gsdByName(true)
        .build();
  }

  /**
   * Returns the first token of eight digits as a date; empty if it is not a day of the calendar.
   */
  private static Optional<LocalDate> acquired(String name) {
    int start = 0;
    while (start < name.length()) {
      int end = name.indexOf('_', start);
      end = end < 0 ? name.length() : end;
      if (end - start == 8 && number(name, start, end) >= 0) {
        try {
          return Optional.of(
              LocalDate.of(
                  number(name, start, start + 4),
                  number(name, start + 4, start + 6),
                  number(name, start + 6, end)));
        } catch (DateTimeException e) {
          return Optional.empty();
        }
      }
      start = end + 1;
    }
    return Optional.empty();
  }

  /** Returns the value of the digits in [start, end), or -1 if other characters are among them. */
  private static int number(String text, int start, int end) {
    int value = 0;
    for (int i = start; i < end; i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      value = value * 10 + (c - '0');
    }
    return value;
  }
}
