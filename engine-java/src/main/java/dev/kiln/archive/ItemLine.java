package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.error.Printable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A line of a scene list that is a STAC item itself, as JSON, so that the item need not be read
 * from anywhere. Kiln writes {@code {"kiln:item":1,"kiln:key":KEY,…}}, in ASCII; items that other
 * programs write, one per line, are read as well.
 *
 * @param key scene key of the item
 * @param text the line
 */
public record ItemLine(String key, String text) {
  /** Greatest length of a line in characters; the largest known items have 100 kB. */
  public static final int MAX_LENGTH = 1 << 20;

  private static final int VERSION = 1;
  private static final String VERSION_FIELD = "kiln:item";
  private static final String KEY_FIELD = "kiln:key";

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
          .build();

  /** Returns whether a line is an item. */
  static boolean isItem(String line) {
    return line.startsWith("{");
  }

  /**
   * Returns the line of an item, without its links, and without assets that are not TIFFs.
   *
   * @param key scene key of the item
   * @param item a STAC item
   * @return the line; empty if it would be longer than {@link #MAX_LENGTH}
   */
  public static Optional<ItemLine> of(String key, ObjectNode item) {
    ObjectNode line = JSON.createObjectNode().put(VERSION_FIELD, VERSION).put(KEY_FIELD, key);
    for (Map.Entry<String, JsonNode> field : item.properties()) {
      line.set(field.getKey(), field.getValue());
    }
    line.putArray("links");
    if (item.path("assets") instanceof ObjectNode assets) {
      List<String> others = new ArrayList<>();
      for (Map.Entry<String, JsonNode> asset : assets.properties()) {
        if (!StacItem.isTiff(asset.getValue())) {
          others.add(asset.getKey());
        }
      }
      // An item without a TIFF keeps its assets for the error that lists them.
      if (others.size() < assets.size()) {
        line.set("assets", assets.deepCopy().remove(others));
      }
    }
    String text = JSON.writeValueAsString(line);
    return text.length() > MAX_LENGTH ? Optional.empty() : Optional.of(new ItemLine(key, text));
  }

  /**
   * Parses a line as far as its key.
   *
   * @param where the list and the number of the line, for messages
   * @param text the line
   * @return the line with its key
   * @throws ConfigurationException if it is not JSON, not an item, or in the form of a later
   *     version
   */
  static ItemLine parse(String where, String text) {
    try {
      String key = writtenKey(where, text);
      if (key.isEmpty()) {
        JsonNode item = JSON.readTree(text);
        if (item.path("features").isArray()) {
          throw new ConfigurationException(
              Mismatch.of(
                  where,
                  "a scene key or a STAC item",
                  "a FeatureCollection: write a list of its items with kiln manifest stac"));
        }
        key = keyOf(item);
      }
      if (key.isEmpty()) {
        throw new ConfigurationException(
            Mismatch.of(where, "a scene key or a STAC item", "JSON without an id"));
      }
      return new ItemLine(key, text);
    } catch (JacksonException e) {
      throw new ConfigurationException(
          Mismatch.of(where, "a scene key or a STAC item", "damaged JSON")
              + ": "
              + Printable.of(e.getOriginalMessage()),
          e);
    }
  }

  /** Returns the key that Kiln wrote at the start of a line; empty if it wrote none. */
  private static String writtenKey(String where, String text) {
    try (JsonParser parser = JSON.createParser(text)) {
      parser.nextToken();
      if (parser.nextToken() != JsonToken.PROPERTY_NAME
          || !parser.currentName().equals(VERSION_FIELD)) {
        return "";
      }
      if (parser.nextToken() != JsonToken.VALUE_NUMBER_INT || parser.getIntValue() != VERSION) {
        throw new ConfigurationException(
            Mismatch.of(
                where,
                VERSION_FIELD + " " + VERSION,
                Printable.of(parser.getString()) + ": read the list with a newer version of Kiln"));
      }
      boolean hasKey =
          parser.nextToken() == JsonToken.PROPERTY_NAME
              && parser.currentName().equals(KEY_FIELD)
              && parser.nextToken() == JsonToken.VALUE_STRING;
      return hasKey && isKey(parser.getString()) ? parser.getString() : "";
    }
  }

  private static boolean isKey(String key) {
    return !key.isBlank() && key.chars().noneMatch(Character::isISOControl);
  }

  /** Returns the location of an item of another program, or its collection and id. */
  private static String keyOf(JsonNode item) {
    for (JsonNode link : item.path("links")) {
      String href = link.path("href").asString("");
      if (link.path("rel").asString("").equals("self")
          && isKey(href)
          && !ImageFile.isImage(href)
          && ObjectRef.of(href).isPresent()) {
        return href;
      }
    }
    return item.path("id").asString("").isBlank() ? "" : keyById(item);
  }

  /**
   * Returns a key that no item of another collection or id has: {@code COLLECTION/ID.json}, with
   * characters that a key cannot have percent-encoded.
   *
   * @param item a STAC item
   * @return its key
   */
  public static String keyById(JsonNode item) {
    return keyById(item.path("collection").asString(""), item.path("id").asString(""));
  }

  /** Returns {@link #keyById(JsonNode)} of an item's collection, which may be empty, and id. */
  static String keyById(String collection, String id) {
    String name = encoded(id) + ".json";
    return collection.isEmpty() ? name : encoded(collection) + "/" + name;
  }

  private static String encoded(String text) {
    StringBuilder encoded = new StringBuilder();
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      boolean plain =
          !Character.isISOControl(c)
              && Character.getType(c) != Character.SURROGATE
              && !Character.isWhitespace(c)
              && "/\\%?#".indexOf(c) < 0;
      if (plain) {
        encoded.appendCodePoint(c);
      } else if (Character.getType(c) == Character.SURROGATE) {
        encoded.append(String.format(Locale.ROOT, "%%u%04X", c));
      } else {
        for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
          encoded.append(String.format(Locale.ROOT, "%%%02X", b));
        }
      }
    }
    return encoded.toString().matches("\\.{1,2}")
        ? encoded.toString().replace(".", "%2E")
        : encoded.toString();
  }
}
