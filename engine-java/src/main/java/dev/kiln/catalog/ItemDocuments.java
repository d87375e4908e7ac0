package dev.kiln.catalog;

import dev.kiln.archive.BoundedLines;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.error.Printable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads items one by one from documents of any size: a FeatureCollection, or one item per line. */
final class ItemDocuments {
  private static final Logger log = LoggerFactory.getLogger(ItemDocuments.class);

  /** Greatest size of an item in bytes or characters; the largest known ones have 100 kB. */
  static final int MAX_ITEM = 16 << 20;

  /** Lines that are no items are logged up to this number. */
  private static final int MAX_LOGGED = 10;

  /** A record separator may precede each item of a GeoJSON text sequence. */
  private static final char RECORD_SEPARATOR = 0x1e;

  static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  /** Reads one element of an array. */
  private static final JsonMapper ELEMENTS =
      JSON.rebuild().disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private ItemDocuments() {}

  /** Receives items. */
  @FunctionalInterface
  interface Sink {
    /**
     * Receives the next item.
     *
     * @param item may be anything
     * @throws IOException if it cannot be stored
     */
    void accept(JsonNode item) throws IOException;
  }

  /**
   * Reads the features of a FeatureCollection.
   *
   * @param where the document and the option that names it, for messages
   * @param document JSON
   * @param sink receives each feature
   * @param items receives items until it is full
   * @throws ConfigurationException if the document is not JSON or has no list of features, or an
   *     item is larger than {@link #MAX_ITEM}
   * @throws IOException if the document cannot be read, or from {@code sink}
   */
  static void features(String where, InputStream document, Sink sink, ItemCollector items)
      throws IOException {
    Allowance in = new Allowance(where, document);
    boolean found = false;
    try (JsonParser parser = JSON.createParser(in)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new ConfigurationException(
            Mismatch.of(where, "a FeatureCollection of items", "JSON of another type"));
      }
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        in.allow();
        if (!name.equals("features") || parser.nextToken() != JsonToken.START_ARRAY) {
          if (!name.equals("features")) {
            parser.nextToken();
          }
          parser.skipChildren();
          continue;
        }
        found = true;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          in.allow();
          sink.accept(ELEMENTS.readTree(parser));
          if (items.isFull()) {
            return;
          }
        }
      }
    } catch (JacksonException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw new ConfigurationException(
          where + ": damaged JSON: " + Printable.of(e.getOriginalMessage()), e);
    }
    if (!found) {
      throw new ConfigurationException(
          Mismatch.of(where, "a FeatureCollection of items", "no list of features"));
    }
  }

  /**
   * Reads one item per line. Lines that are not JSON are counted.
   *
   * @param where the document and the option that names it, for messages
   * @param document UTF-8
   * @param sink receives each item
   * @param items receives items until it is full; counts lines that are not items
   * @throws IOException if the document cannot be read, or from {@code sink}
   */
  static void lines(String where, InputStream document, Sink sink, ItemCollector items)
      throws IOException {
    int logged = 0;
    try (BoundedLines lines =
        new BoundedLines(new InputStreamReader(document, StandardCharsets.UTF_8), MAX_ITEM)) {
      for (String line = lines.next(); line != null && !items.isFull(); line = lines.next()) {
        String text = line.replace(String.valueOf(RECORD_SEPARATOR), "").strip();
        text = text.startsWith("\uFEFF") ? text.substring(1) : text;
        if (text.isEmpty() || text.startsWith("#")) {
          continue;
        }
        String problem = "longer than %,d characters".formatted(MAX_ITEM);
        if (!lines.isTooLong()) {
          try {
            sink.accept(JSON.readTree(text));
            continue;
          } catch (JacksonException e) {
            problem = Printable.of(e.getOriginalMessage());
          }
        }
        items.stats().skip("not a STAC item");
        if (logged++ < MAX_LOGGED) {
          log.warn("line left out: file={} line={} reason=\"{}\"", where, lines.number(), problem);
        }
      }
    }
  }

  /** A stream that refuses to read further than the size of an item beyond the last one. */
  private static final class Allowance extends FilterInputStream {
    private final String where;
    private long left = MAX_ITEM;

    Allowance(String where, InputStream in) {
      super(in);
      this.where = where;
    }

    void allow() {
      left = MAX_ITEM;
    }

    private void take(long bytes) {
      left -= Math.max(0, bytes);
      if (left < 0) {
        throw new ConfigurationException(
            Mismatch.of(where, "items of at most %,d bytes".formatted(MAX_ITEM), "a larger one"));
      }
    }

    @Override
    public int read() throws IOException {
      int value = super.read();
      take(1);
      return value;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int count = super.read(target, offset, length);
      take(count);
      return count;
    }
  }
}
