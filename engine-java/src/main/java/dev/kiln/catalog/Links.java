package dev.kiln.catalog;

import dev.kiln.archive.ObjectRef;
import java.net.URI;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Links of catalogues and items. */
final class Links {
  private Links() {}

  /** {@return the first link of a relation} */
  static Optional<JsonNode> first(JsonNode of, String rel) {
    for (JsonNode link : of.path("links")) {
      if (link.path("rel").asString("").equals(rel)) {
        return Optional.of(link);
      }
    }
    return Optional.empty();
  }

  /** {@return the href of the first link of a relation} */
  static Optional<String> href(JsonNode of, String rel) {
    return first(of, rel).map(link -> link.path("href").asString("")).filter(h -> !h.isEmpty());
  }

  /**
   * Returns the object of a bucket that an item states as its location: the canonical link if there
   * is one, otherwise the self link.
   *
   * @return empty if the item is in no bucket
   */
  static Optional<String> object(JsonNode item) {
    return href(item, "canonical")
        .flatMap(ObjectRef::ofBucket)
        .or(() -> href(item, "self").flatMap(ObjectRef::ofBucket))
        .map(ObjectRef::toString)
        .filter(Links::isPrintable);
  }

  /**
   * Returns the URL of an item's self link.
   *
   * @param from URL of the document that has the item
   * @return empty if the item has no self link to a web server
   */
  static Optional<String> web(URI from, JsonNode item) {
    return href(item, "self")
        .flatMap(href -> Urls.resolve(from, href))
        .map(URI::toString)
        .filter(Links::isPrintable);
  }

  private static boolean isPrintable(String place) {
    return place.chars().noneMatch(Character::isISOControl);
  }
}
