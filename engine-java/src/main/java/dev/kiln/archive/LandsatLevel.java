package dev.kiln.archive;

import dev.kiln.error.SceneException;
import dev.kiln.platform.Platform;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The processing level of a Landsat item: radiance (1) and surface reflectance (2) are stored as
 * numbers of the same range, but mean something else.
 */
final class LandsatLevel {
  private static final Pattern COLLECTION =
      Pattern.compile("c2-?l([12])", Pattern.CASE_INSENSITIVE);

  /** Corrections of level 1 (L1TP, L1GT, L1GS) and level 2 (L2SP, L2SR). */
  private static final Pattern CORRECTION =
      Pattern.compile("(?:^|_)L([12])(?:TP|GT|GS|SP|SR)(?:_|$)", Pattern.CASE_INSENSITIVE);

  private LandsatLevel() {}

  /**
   * Checks that an item is of a platform's level, by its collection, its correction, and its id.
   *
   * @param item to check
   * @param platform whose statistics are used
   * @throws SceneException permanent if it is of the other level
   */
  static void require(StacItem item, Platform platform) throws SceneException {
    Matcher expected = COLLECTION.matcher(platform.name());
    if (!platform.name().startsWith("landsat") || !expected.find()) {
      return;
    }
    for (Map.Entry<String, Optional<String>> found : levels(item).entrySet()) {
      if (found.getValue().isPresent() && !found.getValue().get().equals(expected.group(1))) {
        throw SceneException.permanent(
            item.key(),
            "expected level %s of Landsat for platform %s, found level %s in %s"
                .formatted(
                    expected.group(1), platform.name(), found.getValue().get(), found.getKey()));
      }
    }
  }

  private static Map<String, Optional<String>> levels(StacItem item) {
    Map<String, Optional<String>> levels = new LinkedHashMap<>();
    levels.put("collection " + item.collection(), level(COLLECTION, item.collection()));
    item.correction()
        .ifPresent(text -> levels.put("landsat:correction " + text, level(CORRECTION, text)));
    levels.put("id " + item.id(), level(CORRECTION, item.id()));
    return levels;
  }

  private static Optional<String> level(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }
}
