package dev.kiln.archive;

import dev.kiln.error.SceneException;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A scene that is one plain image file with all bands, in any directory layout, and is described by
 * nothing but itself, its name and the user.
 *
 * <p>Its time is, in this order, what the user states, the date at the place in its key that the
 * user states, the first date in its name, or the field DateTime of the TIFF. Its bands are, in
 * this order, what the user states, the bands that the file names, its red, green and blue, or as
 * many bands as the platform has, in the platform's order.
 *
 * @param key of the file in its source
 * @param names the file's description of each band; an empty text for a band without one
 * @param colours the file's colour of each band in lower case; an empty text for a band without one
 * @param datetime the file's field DateTime
 */
public record ImageFile(
    String key, List<String> names, List<String> colours, Optional<String> datetime) {
  private static final List<String> SUFFIXES = List.of(".tif", ".tiff", ".vrt");
  private static final String ALPHA = "alpha";
  private static final int MOST_SHOWN = 20;

  /** Colours that tell which band a band is, and letters for them. */
  private static final Set<String> COLOURS = Set.of("red", "green", "blue", "nir");

  private static final Map<String, String> LETTERS =
      Map.of("r", "red", "g", "green", "b", "blue", "n", "nir");

  /** Colours of pictures in other colour spaces than RGB. */
  private static final Pattern OTHER_COLOURS =
      Pattern.compile("hue|saturation|lightness|cyan|magenta|black|ycbcr_.*|palette");

  /** Dates such as 01.03.2024 or 03/01/2024, whose order names do not tell. */
  private static final Pattern DAY_FIRST =
      Pattern.compile(
          "(?<!\\d)(0[1-9]|[12]\\d|3[01])([-_.]?)(0[1-9]|[12]\\d|3[01])\\2(19|20)\\d{2}(?!\\d)");

  private static final Pattern NUMBER = Pattern.compile("(?:^|\\D)(\\d{1,3})$");

  /** Descriptions that say nothing, such as {@code Band 1}. */
  private static final Pattern GENERIC =
      Pattern.compile("(?i)(band|layer|channel|ch|raster|gray|grey)?[ _-]*(index)?[ _-]*\\d*");

  /** DateTime of the TIFF specification, and how other programs write it, some with a zone. */
  private static final Pattern TIFF_TIME =
      Pattern.compile(
          "((?:19|20)\\d{2})[:/-](\\d{2})[:/-](\\d{2})(?:[ T](\\d{2}):(\\d{2})(?::(\\d{2}))?"
              + "(.*?)([+-]\\d{2}:?\\d{2})?)?");

  /** Copies the lists. */
  public ImageFile {
    names = List.copyOf(names);
    colours = List.copyOf(colours);
  }

  /**
   * {@return whether a key names an image file rather than an item}
   *
   * @param key of a scene; a query of a URI is ignored
   */
  public static boolean isImage(String key) {
    String path = key.contains("://") ? key.replaceFirst("[?#].*", "") : key;
    String lower = path.toLowerCase(Locale.ROOT);
    return SUFFIXES.stream().anyMatch(lower::endsWith);
  }

  /**
   * {@return whether a description of a band says nothing, or only its number}
   *
   * @param description of a band in a file
   */
  public static boolean isGeneric(String description) {
    return GENERIC.matcher(description).matches();
  }

  /**
   * {@return the scene that this file is for a platform}
   *
   * @param platform whose bands are wanted
   * @param options what the user states
   * @throws SceneException permanent if the file has no date or other bands than the platform
   */
  public Scene scene(Platform platform, FileOptions options) throws SceneException {
    return scene(
        platform,
        options,
        (name, number) ->
            new BandAsset(name, ObjectRef.inSource(key), number, OptionalDouble.empty()),
        Optional.empty(),
        List.of());
  }

  /**
   * Returns the scene that a file with other sources of its bands is for a platform.
   *
   * @param sources returns the source of a band of the platform by the band's number in this file
   * @param grid that the files must have
   * @param pieces parts of files that the scene is put together from; none for whole files
   */
  Scene scene(
      Platform platform,
      FileOptions options,
      BiFunction<String, Integer, BandAsset> sources,
      Optional<StatedGrid> grid,
      List<MosaicPiece> pieces)
      throws SceneException {
    SceneProduct product = SceneProduct.ofFile(itemId());
    product.require(key, platform);
    Map<String, String> decisions = new LinkedHashMap<>();
    Instant acquired = acquired(options, decisions);
    List<Integer> numbers = bands(platform, options, decisions);
    List<BandAsset> bands = new ArrayList<>();
    for (int i = 0; i < numbers.size(); i++) {
      bands.add(sources.apply(platform.bands().get(i).name(), numbers.get(i)));
    }
    SceneProduct.requireFiles(key, bands, platform);
    return Scene.builder(key)
        .itemId(itemId())
        .datetime(acquired)
        .gsd(platform.gsd())
        .bands(bands)
        .nodataByValue(true)
        .storedOffset(product.storedOffset(platform))
        .decisions(decisions)
        .grid(grid)
        .pieces(pieces)
        .build();
  }

  private String name() {
    String path = key.contains("://") ? key.replaceFirst("[?#].*", "") : key;
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private String itemId() {
    return name().substring(0, name().lastIndexOf('.'));
  }

  // Time.

  private Instant acquired(FileOptions options, Map<String, String> decisions)
      throws SceneException {
    if (options.datetime().isPresent()) {
      return decide(decisions, options.datetime().get(), "option");
    }
    if (options.datePattern().isPresent()) {
      Optional<Instant> found = options.datePattern().get().find(key);
      if (found.isEmpty()) {
        throw SceneException.permanent(
            key,
            "expected a date by --date-pattern %s, found none"
                .formatted(options.datePattern().get()));
      }
      return decide(decisions, found.get(), "--date-pattern");
    }
    Optional<Instant> named = NameDate.find(name());
    if (named.isEmpty() && DAY_FIRST.matcher(name()).find()) {
      throw SceneException.permanent(
          key,
          "expected a date in the order year, month, day in the file name, found another order: give --datetime or --date-pattern");
    }
    Optional<Instant> tagged = datetime.flatMap(ImageFile::parseTiffTime);
    if (named.isPresent()) {
      boolean other =
          tagged.isPresent()
              && Duration.between(named.get(), tagged.get()).abs().compareTo(Duration.ofDays(2))
                  > 0;
      return decide(
          decisions,
          named.get(),
          other ? "file name; the TIFF's DateTime is " + tagged.get() : "file name");
    }
    if (tagged.isPresent()) {
      return decide(decisions, tagged.get(), "TIFF's DateTime");
    }
    throw SceneException.permanent(
        key,
        "no date: expected one in the file name, such as 20240301 or 2024-03-01, or in the TIFF's"
            + " DateTime, found none: give --datetime or --date-pattern");
  }

  private static Instant decide(Map<String, String> decisions, Instant time, String source) {
    decisions.put("datetime", time + " (" + source + ")");
    return time;
  }

  /**
   * {@return whether a text of the field DateTime is a time}
   *
   * @param text value of the field
   */
  public static boolean isTime(String text) {
    return parseTiffTime(text).isPresent();
  }

  private static Optional<Instant> parseTiffTime(String text) {
    Matcher time = TIFF_TIME.matcher(text.strip());
    if (!time.matches()) {
      return Optional.empty();
    }
    try {
      LocalDateTime local =
          LocalDateTime.of(
              Integer.parseInt(time.group(1)),
              Integer.parseInt(time.group(2)),
              Integer.parseInt(time.group(3)),
              time.group(4) == null ? 12 : Integer.parseInt(time.group(4)),
              time.group(5) == null ? 0 : Integer.parseInt(time.group(5)),
              time.group(6) == null ? 0 : Integer.parseInt(time.group(6)));
      ZoneOffset zone = time.group(8) == null ? ZoneOffset.UTC : ZoneOffset.of(time.group(8));
      return Optional.of(local.toInstant(zone))
          .filter(found -> NameDate.isPossible(found) && !found.equals(Instant.EPOCH));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  // Bands.

  /**
   * {@return whether the bands of this file, about which nothing else is known, are those of a
   * platform in its order}
   *
   * @param platform whose bands are expected
   */
  public boolean isInOrderOf(Platform platform) {
    try {
      List<Integer> numbers = bands(platform, FileOptions.NONE, new LinkedHashMap<>());
      for (int i = 0; i < numbers.size(); i++) {
        if (numbers.get(i) != i + 1) {
          return false;
        }
      }
      return true;
    } catch (SceneException e) {
      return false;
    }
  }

  private List<Integer> bands(Platform platform, FileOptions options, Map<String, String> decisions)
      throws SceneException {
    if (options.bands().isPresent()) {
      List<Integer> stated =
          options
              .bands()
              .get()
              .in(platform, names.size())
              .orElseThrow(
                  () ->
                      SceneException.permanent(
                          key,
                          "expected the bands of --bands %s, found %s"
                              .formatted(options.bands().get(), describe())));
      return decide(decisions, stated, "option");
    }
    if (!names.stream().allMatch(ImageFile::isGeneric)) {
      return decide(decisions, byName(platform, lower(names)), "names in the file");
    }
    Optional<List<Integer>> coloured = byColour(platform);
    if (coloured.isPresent()) {
      return decide(decisions, coloured.get(), "colours in the file");
    }
    return decide(decisions, byOrder(platform), "order of the platform");
  }

  private static List<Integer> decide(
      Map<String, String> decisions, List<Integer> numbers, String source) {
    decisions.put(
        "bands",
        String.join(",", numbers.stream().map(String::valueOf).toList()) + " (" + source + ")");
    return numbers;
  }

  private static List<String> lower(List<String> names) {
    return names.stream().map(ImageFile::lower).toList();
  }

  private static String lower(String name) {
    return name.strip().toLowerCase(Locale.ROOT);
  }

  private List<Integer> byName(Platform platform, List<String> found) throws SceneException {
    List<Integer> numbers = new ArrayList<>();
    for (Band band : platform.bands()) {
      int index = index(found, band.name());
      if (index < 0) {
        throw mismatch(platform);
      }
      numbers.add(index + 1);
    }
    return numbers;
  }

  /** Returns the index of the band with a name; -1 if there is none, or several. */
  private static int index(List<String> found, String name) {
    String wanted = name.toLowerCase(Locale.ROOT);
    int index = found.indexOf(wanted);
    if (index < 0 && wanted.equals("nir")) {
      index = Math.max(found.indexOf("near infrared"), found.indexOf("near-infrared"));
    }
    return index == found.lastIndexOf(index < 0 ? wanted : found.get(index)) ? index : -1;
  }

  /**
   * Returns the platform's red, green and blue by the file's colours, and its other bands in the
   * file's order. A band that is tagged as alpha is data only in NAIP, whose files tag near
   * infrared so.
   */
  private Optional<List<Integer>> byColour(Platform platform) {
    List<Integer> rest = new ArrayList<>();
    for (int i = 0; i < colours.size(); i++) {
      boolean rgb = List.of("red", "green", "blue").contains(colours.get(i));
      boolean alpha = colours.get(i).equals(ALPHA) && !platform.productName().equals("naip");
      if (!rgb && !alpha) {
        rest.add(i + 1);
      }
    }
    List<Integer> numbers = new ArrayList<>();
    int others = 0;
    for (Band band : platform.bands()) {
      int index = index(colours, ofLetter(band));
      if (index >= 0) {
        numbers.add(index + 1);
      } else if (others < rest.size()) {
        numbers.add(rest.get(others++));
      } else {
        return Optional.empty();
      }
    }
    boolean coloured = numbers.size() - others >= 3;
    return coloured && (others == 0 || others == rest.size())
        ? Optional.of(numbers)
        : Optional.empty();
  }

  private List<Integer> byOrder(Platform platform) throws SceneException {
    int wanted = platform.bands().size();
    boolean alpha = !colours.isEmpty() && colours.get(colours.size() - 1).equals(ALPHA);
    int data = colours.size() - (alpha ? 1 : 0);
    boolean all = colours.size() == wanted && (!alpha || platform.productName().equals("naip"));
    if (!all && data != wanted || !isPossibleOrder(platform)) {
      throw mismatch(platform);
    }
    List<Integer> numbers = new ArrayList<>();
    for (int i = 1; i <= wanted; i++) {
      numbers.add(i);
    }
    return numbers;
  }

  /**
   * Returns whether the bands can be in the platform's order: numbers of bands are their own, and
   * no colour is that of another band, or belongs to no band of a sensor.
   */
  private boolean isPossibleOrder(Platform platform) {
    List<String> wanted = platform.bands().stream().map(ImageFile::ofLetter).toList();
    int first = number(names.get(0)).filter(number -> number == 0).orElse(1);
    for (int i = 0; i < wanted.size(); i++) {
      int expected = first + i;
      String colour = colours.get(i);
      boolean other =
          COLOURS.contains(colour)
              && !colour.equals(wanted.get(i))
              && (wanted.contains(colour) || COLOURS.contains(wanted.get(i)));
      if (other
          || OTHER_COLOURS.matcher(colour).matches()
          || number(names.get(i)).filter(number -> number != expected).isPresent()) {
        return false;
      }
    }
    return true;
  }

  /** Returns the name of a band in lower case; that of the colour if it is a letter. */
  private static String ofLetter(Band band) {
    String name = lower(band.name());
    return LETTERS.getOrDefault(name, name);
  }

  /** Returns the number in a description such as {@code Band 3}. */
  private static Optional<Integer> number(String description) {
    Matcher number = NUMBER.matcher(description);
    return number.find() ? Optional.of(Integer.valueOf(number.group(1))) : Optional.empty();
  }

  private SceneException mismatch(Platform platform) {
    List<String> wanted = platform.bands().stream().map(Band::name).toList();
    return SceneException.permanent(
        key,
        "expected the %d bands of %s (%s), found %s: state them with --bands"
            .formatted(wanted.size(), platform.name(), String.join(", ", wanted), describe()));
  }

  /** {@return the number of bands and what the file calls them} */
  public String describe() {
    List<String> shown = new ArrayList<>();
    for (int i = 0; i < Math.min(names.size(), MOST_SHOWN); i++) {
      String name = names.get(i).isEmpty() ? colours.get(i) : names.get(i);
      shown.add(
          name.isEmpty() ? "unnamed" : name.length() > 40 ? name.substring(0, 40) + "…" : name);
    }
    String more = names.size() > MOST_SHOWN ? ", …" : "";
    return "%d (%s%s)".formatted(names.size(), String.join(", ", shown), more);
  }
}
