package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.io.Sha256;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.platform.YamlFiles;
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
import java.util.regex.PatternSyntaxException;
import tools.jackson.databind.JsonNode;

/**
 * Names that catalogues give to the bands of platforms ({@code B02}, {@code nbart_blue}), read from
 * YAML:
 *
 * <pre>
 * - platform: PLATFORM
 *   items: REGULAR EXPRESSION      # of item ids; optional
 *   bands:
 *     BAND: [NAME, …]
 * </pre>
 */
public final class BandAliases {
  private static final String BUILT_IN = "band-aliases.yaml";
  private static final BandAliases STANDARD = new BandAliases(readBuiltIn());

  /**
   * Names for the bands of one platform.
   *
   * @param platform name
   * @param items ids of the items that the names apply to; empty for all
   * @param names by band, in the order in which they are looked up
   */
  private record AliasSet(
      String platform, Optional<Pattern> items, Map<String, List<String>> names) {
    boolean isOf(Platform other) {
      return platform.equals(other.name()) || platform.equals(other.productName());
    }
  }

  private final List<AliasSet> sets;

  private BandAliases(List<AliasSet> sets) {
    this.sets = sets;
  }

  /** {@return the names that common catalogues use} */
  public static BandAliases standard() {
    return STANDARD;
  }

  private static List<AliasSet> readBuiltIn() {
    try (InputStream yaml = BandAliases.class.getResourceAsStream(BUILT_IN)) {
      if (yaml == null) {
        throw new IllegalStateException("resource " + BUILT_IN + " is not in the jar");
      }
      return parse("built-in " + BUILT_IN, yaml);
    } catch (IOException e) {
      throw new IllegalStateException("cannot read resource " + BUILT_IN, e);
    }
  }

  /**
   * Reads names from a file; they are looked up before the standard ones.
   *
   * @param file YAML file
   * @return the names of both
   * @throws ConfigurationException if the file cannot be read or has another layout
   */
  public static BandAliases load(Path file) {
    try (InputStream yaml = Files.newInputStream(file)) {
      List<AliasSet> sets = new ArrayList<>(parse("--band-aliases " + file, yaml));
      sets.addAll(STANDARD.sets);
      return new BandAliases(sets);
    } catch (IOException e) {
      throw new ConfigurationException("--band-aliases " + file + ": cannot read it", e);
    }
  }

  private static List<AliasSet> parse(String where, InputStream yaml) throws IOException {
    JsonNode root;
    try {
      root = YamlFiles.read(where, yaml);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(where + ": invalid YAML: " + e.getMessage(), e);
    }
    if (!root.isArray()) {
      throw new ConfigurationException(
          Mismatch.of(where, "a list of platforms with bands", String.valueOf(root.getNodeType())));
    }
    List<AliasSet> sets = new ArrayList<>();
    for (JsonNode set : root) {
      sets.add(set(where, set));
    }
    return sets;
  }

  private static AliasSet set(String where, JsonNode set) {
    String platform = set.path("platform").asString("");
    if (platform.isEmpty() || !set.path("bands").isObject()) {
      throw new ConfigurationException(
          Mismatch.of(where, "platform and bands", set.toString().replaceAll("\\s+", " ")));
    }
    Map<String, List<String>> names = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> band : set.path("bands").properties()) {
      JsonNode list = band.getValue();
      List<String> read = new ArrayList<>();
      for (JsonNode name : list.isArray() ? list : List.of(list)) {
        if (!name.isString()) {
          throw new ConfigurationException(
              Mismatch.of(
                  where + ": " + platform + ".bands." + band.getKey(),
                  "a name or a list of names",
                  name.toString()));
        }
        read.add(name.stringValue());
      }
      names.put(band.getKey(), List.copyOf(read));
    }
    Optional<Pattern> items = Optional.empty();
    if (set.hasNonNull("items")) {
      String pattern = set.path("items").asString("");
      try {
        items = Optional.of(Pattern.compile(pattern));
      } catch (PatternSyntaxException e) {
        throw new ConfigurationException(
            where + ": " + platform + ".items: invalid regular expression '" + pattern + "'", e);
      }
    }
    return new AliasSet(platform, items, names);
  }

  /**
   * Returns the names of a band in the order in which they are looked up: bands of given assets
   * ({@code ASSET:BAND}), its own name, and others, also those of the platform whose products are
   * read.
   *
   * @param platform whose band it is
   * @param itemId id of the item
   * @param band name of a band or mask of the platform
   * @return the names, its own among them
   */
  public List<String> names(Platform platform, String itemId, String band) {
    Set<String> ofAssets = new LinkedHashSet<>();
    Set<String> names = new LinkedHashSet<>();
    names.add(band);
    for (AliasSet set : sets) {
      boolean applies =
          set.isOf(platform)
              && set.items.map(pattern -> pattern.matcher(itemId).matches()).orElse(true);
      if (applies) {
        for (String name : set.names.getOrDefault(band, List.of())) {
          (isOfAsset(name) ? ofAssets : names).add(name);
        }
      }
    }
    ofAssets.addAll(names);
    return List.copyOf(ofAssets);
  }

  /**
   * Returns the band of a platform that a text names: by its name or another one, or as in {@code
   * blue band}.
   *
   * @param platform whose bands are named
   * @param itemId id of the item
   * @param text such as the description of a band in a file
   * @return empty if it names none, or only its number in the file
   */
  public Optional<String> bandOf(Platform platform, String itemId, String text) {
    if (ImageFile.isGeneric(text)) {
      return Optional.empty();
    }
    for (Band band : platform.bands()) {
      String described =
          "(?i)((band|channel|layer)[ _:-]*)?%s([ _-]*(band|channel|reflectance))?"
              .formatted(Pattern.quote(band.name()));
      if (text.matches(described)
          || names(platform, itemId, band.name()).stream().anyMatch(text::equalsIgnoreCase)) {
        return Optional.of(band.name());
      }
    }
    return Optional.empty();
  }

  /**
   * Returns what identifies the names of a platform: other names can choose other bands.
   *
   * @param platform whose bands are named
   * @return {@code standard}, or a hash of the names that were added
   */
  public String identity(Platform platform) {
    StringBuilder added = new StringBuilder();
    for (AliasSet set : sets) {
      if (set.isOf(platform) && !STANDARD.sets.contains(set)) {
        added.append(set.items.map(Pattern::pattern).orElse("")).append('\n').append(set.names);
      }
    }
    return added.isEmpty() ? "standard" : Sha256.hex(added.toString()).substring(0, 16);
  }

  /** Returns whether a name is that of an asset and a band in it: {@code ASSET:BAND}. */
  static boolean isOfAsset(String name) {
    return name.indexOf(':') > 0;
  }
}
