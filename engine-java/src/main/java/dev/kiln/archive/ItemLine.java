package dev.kiln.archive;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** Scene keys of items that have no location of their own. */
public final class ItemLine {
  private ItemLine() {}

  /**
   * Returns a key that no item of another collection or id has: {@code COLLECTION/ID.json}, with
   * characters that a key cannot have percent-encoded.
   *
   * @param item a STAC item
   * @return its key
   */
  public static String keyById(JsonNode item) {
    String collection = item.path("collection").asString("");
    String name = encoded(item.path("id").asString("")) + ".json";
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
      } else {
        for (byte b : new String(Character.toChars(c)).getBytes(StandardCharsets.UTF_8)) {
          encoded.append(String.format(Locale.ROOT, "%%%02X", b));
        }
      }
    }
    return encoded.toString().matches("\\.{0,2}")
        ? encoded.toString().replace(".", "%2E")
        : encoded.toString();
  }
}
