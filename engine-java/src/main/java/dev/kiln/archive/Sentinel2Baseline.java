package dev.kiln.archive;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * The processing baseline of a Sentinel-2 product, which catalogues write in many ways: {@code
 * 05.10}, {@code N0510}, {@code 0510}, {@code 5.1} as text or number, or only in the name of the
 * product, granule or datastrip.
 */
final class Sentinel2Baseline {
  /** Properties that have nothing but the baseline. */
  private static final List<String> STATED =
      List.of(
          "s2:processing_baseline",
          "sentinel2:processing_baseline",
          "sentinel:processing_baseline");

  /** Property that has the baseline, or the version of the software of a provider. */
  private static final String VERSION = "processing:version";

  /** Properties that have names in which the baseline is. */
  private static final List<String> NAMES =
      List.of(
          "s2:product_uri",
          "sentinel2:product_uri",
          "sentinel:product_id",
          "s2:granule_id",
          "s2:datastrip_id",
          "title");

  /** Major and minor number with a separator, or four digits, after N or V or nothing. */
  private static final Pattern TEXT =
      Pattern.compile("(?i)(?:baseline)?\\s*[NV]?(\\d{1,2})(?:[._](\\d{1,2})(?:\\.\\d+)?)?");

  private static final Pattern DIGITS = Pattern.compile("(?i)[NV]?(\\d{1,2})(\\d{2})");

  /** The form of ESA, which versions of other software do not have. */
  private static final Pattern STRICT = Pattern.compile("N?(\\d{2})\\.?(\\d{2})");

  /** A baseline within a name. */
  private static final Pattern IN_NAME =
      Pattern.compile("(?i)(?<![A-Z0-9])N(\\d{2})\\.?(\\d{2})(?!\\d)");

  /** Names of products, granules and datastrips of level 2A. */
  private static final Pattern LEVEL_2A =
      Pattern.compile("(?i)S2[A-D]_(MSIL2A|[A-Z0-9]{4}_MSI_L2A)_.*");

  private Sentinel2Baseline() {}

  /**
   * Returns the baseline of an item, such as {@code 05.10}.
   *
   * @param id of the item, which can be the name of the product
   * @param properties of the item
   * @return empty if it states none
   */
  static Optional<String> of(String id, JsonNode properties) {
    return Stream.of(
            STATED.stream().map(name -> parse(text(properties.path(name)))),
            Stream.concat(NAMES.stream().map(name -> text(properties.path(name))), Stream.of(id))
                .map(Sentinel2Baseline::inName),
            Stream.of(strictly(text(properties.path(VERSION)))))
        .flatMap(found -> found)
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static String text(JsonNode node) {
    return node.isString() || node.isNumber() ? node.asString().strip() : "";
  }

  private static Optional<String> parse(String text) {
    Matcher digits = DIGITS.matcher(text);
    if (digits.matches() && digits.group().replaceAll("\\D", "").length() >= 3) {
      return Optional.of(canonical(digits.group(1), digits.group(2)));
    }
    Matcher stated = TEXT.matcher(text);
    return stated.matches()
        ? Optional.of(canonical(stated.group(1), stated.group(2)))
        : inName("S2A_MSIL2A_" + text);
  }

  private static Optional<String> strictly(String text) {
    Matcher stated = STRICT.matcher(text);
    return stated.matches()
        ? Optional.of(canonical(stated.group(1), stated.group(2)))
        : Optional.empty();
  }

  /**
   * Returns the baseline in the name of a product, granule or datastrip of level 2A.
   *
   * @param name that can be another one
   * @return empty if it has none
   */
  static Optional<String> inName(String name) {
    Matcher found = IN_NAME.matcher(name);
    return LEVEL_2A.matcher(name).matches() && found.find()
        ? Optional.of(canonical(found.group(1), found.group(2)))
        : Optional.empty();
  }

  private static String canonical(String major, String minor) {
    String two = minor == null ? "00" : minor.length() == 1 ? minor + "0" : minor;
    return (major.length() == 1 ? "0" + major : major) + "." + two;
  }
}
