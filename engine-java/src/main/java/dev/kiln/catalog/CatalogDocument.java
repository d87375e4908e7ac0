package dev.kiln.catalog;

import dev.kiln.error.Printable;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** What a JSON document is in STAC. */
enum CatalogDocument {
  /** The landing page of an API that can be searched. */
  API,
  /** A catalogue of links. */
  CATALOG,
  /** A collection of links. */
  COLLECTION,
  /** One item. */
  ITEM,
  /** Items in one document. */
  ITEM_COLLECTION,
  /** Anything else. */
  OTHER;

  /** {@return what a document is} */
  static CatalogDocument of(JsonNode json) {
    if (!json.isObject()) {
      return OTHER;
    }
    String type = json.path("type").asString("");
    if (type.equals("FeatureCollection") || json.path("features").isArray()) {
      return ITEM_COLLECTION;
    }
    if (type.equals("Feature")) {
      return ITEM;
    }
    if (StacApi.isSearchable(json)) {
      return API;
    }
    // Before version 1.0, catalogues had no type.
    if (type.equals("Collection") || json.has("extent") && json.path("links").isArray()) {
      return COLLECTION;
    }
    return type.equals("Catalog") || json.has("stac_version") && json.path("links").isArray()
        ? CATALOG
        : OTHER;
  }

  /** {@return a document in a few words, for messages} */
  static String describe(JsonNode json) {
    String id = json.path("id").asString("");
    String name = id.isEmpty() ? "" : " '" + Printable.of(id) + "'";
    return switch (of(json)) {
      case API -> "the landing page of a STAC API";
      case CATALOG -> "the STAC catalogue" + name;
      case COLLECTION -> "the STAC collection" + name;
      case ITEM -> "the STAC item" + name;
      case ITEM_COLLECTION -> "a FeatureCollection";
      case OTHER ->
          json.isObject()
              ? "a JSON object without a STAC type"
              : "JSON of type " + json.getNodeType().toString().toLowerCase(Locale.ROOT);
    };
  }
}
