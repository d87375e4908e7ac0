package dev.kiln.platform;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Similar;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * The supported sensor platforms by name, read from YAML in the layout of Clay's {@code
 * metadata.yaml}:
 *
 * <pre>
 * PLATFORM:
 *   band_order: [red, green]
 *   gsd: 1.0
 *   bands:
 *     mean: {red: 110.16, green: 115.41}
 *     std: {red: 47.23, green: 39.82}
 *     wavelength: {red: 0.65, green: 0.56}
 *     unit: other                          # dB, power, amplitude or other; optional
 *     scale: {red: 0.0001, green: 0.0001}  # of stored values; optional
 *     offset: -0.1                         # of stored values; optional
 *   product: sentinel-2-l2a                # whose rules apply; optional
 * </pre>
 *
 * Unit, scale and offset are one value for all bands, or one for each. Anchors and merge keys are
 * resolved. Other keys, such as Clay's {@code rgb_indices}, are ignored.
 */
public final class PlatformCatalog {
  private static final String BUILT_IN = "metadata.yaml";

  /** Keys of values of bands that are easily written in the wrong place or form. */
  private static final Set<String> OF_BANDS =
      Set.of("unit", "units", "scale", "scales", "offset", "offsets");

  private static final double LEAST_MICROMETRES = 0.1;
  private static final double MOST_MICROMETRES = 100;
  private static final double MOST_NANOMETRES = 20_000;

  /** Platform names are part of file names in the model directory. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

  private final Map<String, Platform> platforms;

  private PlatformCatalog(Map<String, Platform> platforms) {
    this.platforms = platforms;
  }

  /** {@return the nine platforms that Clay v1.5 was trained on} */
  public static PlatformCatalog builtIn() {
    try (InputStream yaml = PlatformCatalog.class.getResourceAsStream(BUILT_IN)) {
      if (yaml == null) {
        throw new IllegalStateException("resource " + BUILT_IN + " is not in the jar");
      }
      return new PlatformCatalog(parse("built-in " + BUILT_IN, yaml));
    } catch (IOException e) {
      throw new IllegalStateException("cannot read resource " + BUILT_IN, e);
    }
  }

  /**
   * Reads platforms from a file and adds the built-in ones; the file takes precedence.
   *
   * @param file YAML file
   * @return all platforms
   * @throws ConfigurationException if the file cannot be read or does not describe platforms
   */
  public static PlatformCatalog load(Path file) {
    try (InputStream yaml = Files.newInputStream(file)) {
      Map<String, Platform> platforms = new LinkedHashMap<>(builtIn().platforms);
      platforms.putAll(parse(file.toString(), yaml));
      return new PlatformCatalog(platforms);
    } catch (IOException e) {
      throw new ConfigurationException(
          "platforms file " + file + ": cannot read; check --platform-file", e);
    }
  }

  /** {@return all platforms, in file order} */
  public List<Platform> all() {
    return List.copyOf(platforms.values());
  }

  /** {@return the names of all platforms, in file order} */
  public List<String> names() {
    return List.copyOf(platforms.keySet());
  }

  /**
   * {@return a platform}
   *
   * @param name such as {@code naip}
   * @throws ConfigurationException if no platform has this name; the message lists the others
   */
  public Platform get(String name) {
    Platform platform = platforms.get(name);
    for (Platform known : platforms.values()) {
      if (platform == null && known.name().equalsIgnoreCase(name)) {
        platform = known;
      }
    }
    if (platform == null) {
      throw new ConfigurationException(
          "platform: expected one of %s, found %s; %s"
              .formatted(
                  String.join(", ", platforms.keySet()),
                  name,
                  Similar.likely(name, platforms.keySet())
                      .map(meant -> "did you mean " + meant + "?")
                      .orElse("add others with --platform-file FILE.yaml")));
    }
    return platform;
  }

  private static Map<String, Platform> parse(String source, InputStream yaml) throws IOException {
    JsonNode root;
    try {
      root = YamlFiles.read(source, yaml);
    } catch (IllegalArgumentException e) {
      throw fault(source, "is not valid YAML: " + firstLine(e.getMessage()));
    }
    if (!root.isObject() || root.isEmpty()) {
      throw fault(source, "expected a map of platform names, found " + describe(root));
    }
    Map<String, Platform> platforms = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : root.properties()) {
      String name = entry.getKey();
      if (!NAME.matcher(name).matches()) {
        throw fault(
            source,
            "platform '" + name + "': expected a name of letters, digits, '.', '_' and '-'");
      }
      platforms.put(name, platform(source, name, entry.getValue()));
    }
    return platforms;
  }

  private static Platform platform(String source, String name, JsonNode node) {
    JsonNode order = node.path("band_order");
    if (!order.isArray() || order.isEmpty()) {
      throw fault(source, name + ".band_order: expected a list of bands, found " + describe(order));
    }
    Set<String> bandNames = new LinkedHashSet<>();
    for (JsonNode band : order) {
      if (!band.isString()) {
        throw fault(source, name + ".band_order: expected a band name, found " + describe(band));
      }
      if (!bandNames.add(band.stringValue())) {
        throw fault(source, name + ".band_order: band " + band.stringValue() + " appears twice");
      }
    }
    List<Band> bands = new ArrayList<>();
    for (String band : bandNames) {
      String where = name + ".bands";
      JsonNode statistics = node.path("bands");
      double wavelength = number(source, where, statistics, "wavelength", band);
      double mean = number(source, where, statistics, "mean", band);
      double std = number(source, where, statistics, "std", band);
      requirePositive(source, where + ".wavelength." + band, wavelength);
      requirePositive(source, where + ".std." + band, std);
      requireMicrometres(source, where + ".wavelength." + band, wavelength);
      Band described =
          new Band(
              band,
              wavelength,
              mean,
              std,
              unit(source, where, statistics, band),
              scale(source, where, statistics, band));
      if (described.isUnitInDoubt()) {
        throw fault(
            source,
            where
                + ".unit.%s: expected one of %s, because a mean of %s can be in decibels or not, found nothing"
                    .formatted(band, BandUnit.all(), mean));
      }
      bands.add(described);
    }
    requireKnown(source, name, node, bandNames);
    double gsd = number(source, name + ".gsd", node.path("gsd"));
    requirePositive(source, name + ".gsd", gsd);
    return new Platform(name, gsd, bands, product(source, name, node));
  }

  private static Optional<BandUnit> unit(
      String source, String where, JsonNode statistics, String band) {
    JsonNode stated = ofBand(statistics.path("unit"), band);
    if (stated.isMissingNode()) {
      return Optional.empty();
    }
    Optional<BandUnit> unit = BandUnit.of(stated.asString(""));
    if (unit.isEmpty()) {
      throw fault(
          source,
          "%s.unit.%s: expected one of %s, found %s"
              .formatted(where, band, BandUnit.all(), describe(stated)));
    }
    return unit;
  }

  private static Optional<BandScale> scale(
      String source, String where, JsonNode statistics, String band) {
    JsonNode factor = statistics.path("scale");
    JsonNode summand = statistics.path("offset");
    if (factor.isMissingNode() && summand.isMissingNode()) {
      return Optional.empty();
    }
    BandScale scale =
        new BandScale(
            factor.isMissingNode()
                ? 1
                : number(source, where + ".scale." + band, ofBand(factor, band)),
            summand.isMissingNode()
                ? 0
                : number(source, where + ".offset." + band, ofBand(summand, band)));
    if (!scale.isPossible()) {
      throw fault(source, where + ".scale." + band + ": expected a number other than 0, found 0");
    }
    return Optional.of(scale);
  }

  /** Returns the value of a band; that of all bands if there is only one. */
  private static JsonNode ofBand(JsonNode values, String band) {
    return values.isObject() ? values.path(band) : values;
  }

  /** Checks that values of bands are where they are read, and are of bands that exist. */
  private static void requireKnown(
      String source, String name, JsonNode platform, Set<String> bandNames) {
    for (String key : OF_BANDS) {
      if (platform.has(key)) {
        throw fault(
            source, "%s.%s: expected it in %s.bands, found it beside".formatted(name, key, name));
      }
      JsonNode values = platform.path("bands").path(key);
      if (key.endsWith("s") && !values.isMissingNode()) {
        throw fault(
            source,
            "%s.bands.%s: expected %s, found %s"
                .formatted(name, key, key.substring(0, key.length() - 1), key));
      }
      for (String band : values.propertyNames()) {
        if (!bandNames.contains(band)) {
          throw fault(
              source,
              "%s.bands.%s: expected bands of band_order (%s), found %s"
                  .formatted(name, key, String.join(", ", bandNames), band));
        }
      }
    }
  }

  private static Optional<String> product(String source, String name, JsonNode platform) {
    JsonNode stated = platform.path("product");
    if (stated.isMissingNode()) {
      return Optional.empty();
    }
    Set<String> known = new LinkedHashSet<>(builtIn().names());
    known.add(Platform.NO_PRODUCT);
    if (!known.contains(stated.asString(""))) {
      throw fault(
          source,
          "%s.product: expected one of %s, found %s"
              .formatted(name, String.join(", ", known), describe(stated)));
    }
    return Optional.of(stated.asString(""));
  }

  private static double number(
      String source, String where, JsonNode statistics, String kind, String band) {
    return number(source, where + "." + kind + "." + band, statistics.path(kind).path(band));
  }

  private static double number(String source, String where, JsonNode node) {
    if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
      throw fault(source, where + ": expected a number, found " + describe(node));
    }
    return node.doubleValue();
  }

  private static void requirePositive(String source, String where, double value) {
    if (value <= 0) {
      throw fault(source, where + ": expected a number above 0, found " + value);
    }
  }

  /** Checks that a wavelength is not one of light or thermal radiation in nanometres. */
  private static void requireMicrometres(String source, String where, double value) {
    if (value > MOST_MICROMETRES && value < MOST_NANOMETRES || value < LEAST_MICROMETRES) {
      throw fault(
          source,
          where + ": expected a wavelength in micrometres, such as 0.65 for red, found " + value);
    }
  }

  private static String describe(JsonNode node) {
    return node.isMissingNode() ? "nothing" : firstLine(node.toString());
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }

  private static ConfigurationException fault(String source, String problem) {
    return new ConfigurationException("platforms file " + source + ": " + problem);
  }
}
