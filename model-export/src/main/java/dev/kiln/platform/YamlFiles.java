package dev.kiln.platform;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.schema.CoreSchema;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads YAML with anchors, aliases and merge keys, which Jackson does not resolve. */
public final class YamlFiles {
  private static final int MAX_BYTES = 16 << 20;

  private YamlFiles() {}

  /**
   * Reads a document.
   *
   * @param label name of the file, for messages
   * @param yaml UTF-8; not closed
   * @return the document as a tree
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if it is not YAML, has a key twice, or is larger than 16 MiB;
   *     the message is one line
   */
  public static JsonNode read(String label, InputStream yaml) throws IOException {
    byte[] bytes = yaml.readNBytes(MAX_BYTES + 1);
    if (bytes.length > MAX_BYTES) {
      throw new IllegalArgumentException("expected at most 16 MiB, found more");
    }
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel(label)
            .setAllowDuplicateKeys(false)
            .setSchema(new CoreSchema())
            .build();
    try {
      Object document =
          new Load(settings).loadFromString(new String(bytes, StandardCharsets.UTF_8));
      return JsonMapper.shared().valueToTree(document);
    } catch (YamlEngineException | StackOverflowError e) {
      String message = e.getMessage() == null ? e.toString() : e.getMessage();
      throw new IllegalArgumentException(message.replaceAll("\\s+", " ").strip(), e);
    }
  }
}
