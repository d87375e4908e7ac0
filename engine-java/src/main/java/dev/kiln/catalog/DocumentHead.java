package dev.kiln.catalog;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * What a document is, by its beginning. The content is read once.
 *
 * @param kind what it is
 * @param content the whole document, uncompressed; owned by the caller
 * @param head its beginning
 */
record DocumentHead(Kind kind, InputStream content, byte[] head) {
  private static final int HEAD_BYTES = 1 << 20;

  /** Kinds of documents. */
  enum Kind {
    /** One JSON object that is not a FeatureCollection. */
    OBJECT,
    /** A FeatureCollection. */
    FEATURES,
    /** One JSON object per line. */
    LINES,
    /** A Parquet file. */
    PARQUET,
    /** A web page. */
    HTML,
    /** Anything else. */
    OTHER
  }

  /**
   * Reads the beginning of a document.
   *
   * @param document plain or gzip; owned by the result
   * @throws IOException if it cannot be read, or its gzip is damaged
   */
  static DocumentHead read(InputStream document) throws IOException {
    PushbackInputStream bytes = new PushbackInputStream(document, 2);
    byte[] magic = bytes.readNBytes(2);
    bytes.unread(magic);
    boolean gzip = magic.length == 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b;
    InputStream plain = gzip ? new GZIPInputStream(bytes) : bytes;
    byte[] head = plain.readNBytes(HEAD_BYTES);
    InputStream content = new SequenceInputStream(new ByteArrayInputStream(head), plain);
    return new DocumentHead(kind(head), content, head);
  }

  private static Kind kind(byte[] head) {
    String start =
        new String(head, 0, Math.min(head.length, 512), StandardCharsets.UTF_8)
            .replaceFirst("^[\uFEFF\u001e\\s]+", "")
            .toLowerCase(Locale.ROOT);
    if (start.startsWith("par1")) {
      return Kind.PARQUET;
    }
    if (start.startsWith("<")) {
      return start.startsWith("<!doctype html") || start.contains("<html") ? Kind.HTML : Kind.OTHER;
    }
    if (!start.startsWith("{")) {
      return start.startsWith("#") ? Kind.LINES : Kind.OTHER;
    }
    String type = "";
    int from = 0;
    while (head[from] != '{') {
      from++;
    }
    try (JsonParser parser = ItemDocuments.JSON.createParser(head, from, head.length - from)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        if (name.equals("features") && value == JsonToken.START_ARRAY) {
          return Kind.FEATURES;
        }
        if (name.equals("type") && value == JsonToken.VALUE_STRING) {
          type = parser.getString();
        }
        parser.skipChildren();
      }
      return type.equals("FeatureCollection")
          ? Kind.FEATURES
          : parser.nextToken() == null ? Kind.OBJECT : Kind.LINES;
    } catch (JacksonException e) {
      // The head ends within a value, or a later line is damaged.
      return type.equals("FeatureCollection")
          ? Kind.FEATURES
          : isAfterLine(head) && Set.of("Feature", "").contains(type) ? Kind.LINES : Kind.OBJECT;
    }
  }

  /** Returns whether the first line is a whole JSON value. */
  private static boolean isAfterLine(byte[] head) {
    String text = new String(head, StandardCharsets.UTF_8);
    int end = text.indexOf('\n');
    if (end < 0) {
      return false;
    }
    try {
      return ItemDocuments.JSON.readTree(text.substring(0, end).replace("\u001e", "")).isObject();
    } catch (JacksonException e) {
      return false;
    }
  }
}
