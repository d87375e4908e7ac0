package dev.kiln.archive;

import dev.kiln.error.Printable;
import dev.kiln.error.SceneException;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which product a scene is, by its metadata and names. Values of other levels and collections are
 * stored as numbers of the same range, but mean something else.
 *
 * @param collection of an item; may be empty
 * @param name id of an item, or name of a file
 * @param levels names of levels or products, by the property that has them
 * @param baseline processing baseline of Sentinel-2, such as {@code 05.10}
 * @param offsetRemoved whether the metadata state that Sentinel-2's offset has been removed
 */
record SceneProduct(
    String collection,
    String name,
    Map<String, String> levels,
    Optional<String> baseline,
    Optional<Boolean> offsetRemoved) {
  private static final String SENTINEL_2 = "sentinel-2-l2a";
  private static final String LANDSAT_REFLECTANCE = "landsat-c2l2-sr";
  private static final Set<String> LANDSAT = Set.of("landsat-c2l1", LANDSAT_REFLECTANCE);

  /** Platforms whose scenes are known not to be products of Sentinel-2, unless it is theirs. */
  private static final Set<String> BUILT_IN = Set.copyOf(PlatformCatalog.builtIn().names());

  /** Collections of products of Sentinel-2. */
  private static final Pattern IN_SENTINEL_2 =
      Pattern.compile("(?i)(?<![a-z0-9])(sentinel[-_ ]?2|s2[-_]|copernicus/s2)");

  /** Names of products of Sentinel-2, and ids of items made from them. */
  private static final Pattern SENTINEL_2_NAME = Pattern.compile("(?i)^S2[A-D]_");

  private static final String PLANETSCOPE = "planetscope-sr";
  private static final String FIRST_BASELINE_WITH_OFFSET = "04.00";

  /**
   * Collections, or names, of products without the offset, whatever their baseline is: it was
   * removed by Google Earth Engine and HLS, or the reflectance is the provider's own (Digital Earth
   * Australia).
   */
  private static final Pattern WITHOUT_OFFSET =
      Pattern.compile(
          "harmoni[sz]ed|^ga_s2|^hlss30|^hls2-s30|^hls\\.s30", Pattern.CASE_INSENSITIVE);

  /** Products of Sentinel-2 whose reflectance is that at the top of the atmosphere. */
  private static final Pattern SENTINEL_2_LEVEL_1 =
      Pattern.compile(
          "(?i)(?<![a-z0-9])(msil1c|s2msi1c|level[ _-]?1c|l1c)(?![a-z0-9])"
              + "|^COPERNICUS/S2(_HARMONIZED)?$");

  /** Collections, or names, of Landsat reflectance whose scale is not that of Collection 2. */
  private static final Pattern OTHER_LANDSAT =
      Pattern.compile("^(hls|ga_ls)", Pattern.CASE_INSENSITIVE);

  private static final Pattern LANDSAT_COLLECTION_1 =
      Pattern.compile("L[COTEM]0\\d_.*_01_(T1|T2|RT)(_.*)?");

  private static final Pattern LANDSAT_LEVEL =
      Pattern.compile("c2-?l([12])", Pattern.CASE_INSENSITIVE);

  /** Corrections of level 1 (L1TP, L1GT, L1GS) and level 2 (L2SP, L2SR). */
  private static final Pattern LANDSAT_CORRECTION =
      Pattern.compile("(?:^|_)L([12])(?:TP|GT|GS|SP|SR)(?:_|$)", Pattern.CASE_INSENSITIVE);

  /** Files of PlanetScope with radiance; those of reflectance are named {@code AnalyticMS_SR}. */
  private static final Pattern PLANET_RADIANCE =
      Pattern.compile("(?i)_analytic(ms)?(?!.*_sr(_|\\.|$)).*");

  /** Copies the map. */
  SceneProduct {
    levels = Collections.unmodifiableMap(new LinkedHashMap<>(levels));
  }

  /**
   * Returns the product of a plain file.
   *
   * @param name of the file, without directories and suffix
   */
  static SceneProduct ofFile(String name) {
    return new SceneProduct("", name, Map.of(), Sentinel2Baseline.inName(name), Optional.empty());
  }

  /**
   * Checks that a scene is of the platform's product.
   *
   * @param key of the scene, for messages
   * @param platform whose statistics are used; others than Clay's have no product
   * @throws SceneException permanent if it is of another one
   */
  void require(String key, Platform platform) throws SceneException {
    Map<String, String> evidence = new LinkedHashMap<>();
    evidence.put("collection", collection);
    evidence.putAll(levels);
    evidence.put("id", name);
    for (Map.Entry<String, String> found : evidence.entrySet()) {
      String text = found.getValue();
      String where = found.getKey() + " " + Printable.of(text);
      if (LANDSAT.contains(platform.productName())) {
        requireLandsat(key, platform, where, text, found.getKey().equals("collection"));
      } else if (platform.productName().equals(SENTINEL_2)
          && SENTINEL_2_LEVEL_1.matcher(text).find()) {
        throw SceneException.permanent(
            key,
            "expected level 2A of Sentinel-2 for platform %s, found level 1C in %s"
                .formatted(platform.name(), where));
      }
    }
    requireReflectance(key, platform, name);
  }

  /** Returns whether a platform of a user does not state how stored values become its own. */
  private static boolean isWithoutStatement(Platform platform) {
    return platform.product().isEmpty()
        && !BUILT_IN.contains(platform.name())
        && platform.bands().stream().allMatch(band -> band.scale().isEmpty());
  }

  private boolean isSentinel2() {
    return IN_SENTINEL_2.matcher(collection).find()
        || SENTINEL_2_NAME.matcher(name).find()
        || levels.keySet().stream().anyMatch(property -> property.startsWith("s2:"))
        || levels.values().stream().anyMatch(text -> SENTINEL_2_NAME.matcher(text).find());
  }

  private static void requireLandsat(
      String key, Platform platform, String where, String text, boolean ofCollection)
      throws SceneException {
    boolean first =
        platform.productName().equals(LANDSAT_REFLECTANCE)
            && LANDSAT_COLLECTION_1.matcher(text).matches();
    if (first || OTHER_LANDSAT.matcher(text).find()) {
      throw SceneException.permanent(
          key,
          "expected Collection 2 of Landsat for platform %s, found %s: its reflectance has another scale"
              .formatted(platform.name(), first ? "Collection 1 in " + where : where));
    }
    Matcher expected = LANDSAT_LEVEL.matcher(platform.productName());
    Matcher level = (ofCollection ? LANDSAT_LEVEL : LANDSAT_CORRECTION).matcher(text);
    if (expected.find() && level.find() && !level.group(1).equals(expected.group(1))) {
      throw SceneException.permanent(
          key,
          "expected level %s of Landsat for platform %s, found level %s in %s"
              .formatted(expected.group(1), platform.name(), level.group(1), where));
    }
  }

  /**
   * Checks that the files of an item are of the platform's product, as far as their names tell.
   *
   * @param key of the scene, for messages
   * @param bands with their files
   * @param platform whose statistics are used
   * @throws SceneException permanent if one is of another product
   */
  static void requireFiles(String key, List<BandAsset> bands, Platform platform)
      throws SceneException {
    for (BandAsset band : bands) {
      String path = band.object().name();
      String name = path.substring(path.lastIndexOf('/') + 1);
      int dot = name.lastIndexOf('.');
      ofFile(dot < 0 ? name : name.substring(0, dot)).require(key, platform);
    }
  }

  private static void requireReflectance(String key, Platform platform, String name)
      throws SceneException {
    if (platform.productName().equals(PLANETSCOPE) && PLANET_RADIANCE.matcher(name).find()) {
      throw SceneException.permanent(
          key,
          "expected surface reflectance of PlanetScope (AnalyticMS_SR) for platform %s, found radiance in file %s"
              .formatted(platform.name(), Printable.of(name)));
    }
  }

  /**
   * Returns the evidence of the +1000 that Sentinel-2 products contain since processing baseline
   * 04.00. Collection 1 contains it. In other collections the baseline decides, unless the metadata
   * state that it has been removed. That it has not been removed is ignored, because it is known to
   * be wrong in some items. Products of providers that remove it contain none.
   *
   * @param platform other built-in platforms than Sentinel-2 have no offset; those of users can
   *     read products of Sentinel-2
   */
  StoredOffset storedOffset(Platform platform) {
    if (!platform.productName().equals(SENTINEL_2)
            && !(isWithoutStatement(platform) && isSentinel2())
        || offsetRemoved.orElse(false)
        || WITHOUT_OFFSET.matcher(collection).find()
        || WITHOUT_OFFSET.matcher(name).find()
        || baseline.filter(b -> b.compareTo(FIRST_BASELINE_WITH_OFFSET) < 0).isPresent()) {
      return StoredOffset.NONE;
    }
    if (collection.equals("sentinel-2-c1-l2a")) {
      return StoredOffset.CERTAIN;
    }
    return baseline.isPresent() ? StoredOffset.PROBABLE : StoredOffset.UNKNOWN;
  }
}
