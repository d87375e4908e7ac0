package dev.kiln.dataset;

import dev.kiln.sink.EmbeddingFile;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What must be the same for vectors to be comparable: the model and the precision that made them.
 *
 * @param modelHash hash of the model's weights; empty if the file does not record it
 * @param precision type of the inputs of matrix products; empty if the file does not record it
 */
public record ModelSignature(String modelHash, String precision) {

  /** Returns the signature that the footer of a file records. */
  static ModelSignature of(EmbeddingFile file) {
    return of(footer(file, "kiln"));
  }

  /** Returns the type of the vectors of a file, as {@code --dtype} names it. */
  static String dtype(EmbeddingFile file) {
    return footer(file, "emb").path("data_type").asString("float32");
  }

  private static JsonNode footer(EmbeddingFile file, String key) {
    try {
      return JsonMapper.shared().readTree(file.footer().getOrDefault(key, "{}"));
    } catch (JacksonException e) {
      return JsonMapper.shared().createObjectNode();
    }
  }

  /**
   * {@return the signature that a file records}
   *
   * @param kiln value of the footer's key {@code kiln}
   */
  public static ModelSignature of(JsonNode kiln) {
    return new ModelSignature(
        kiln.path("model_hash").asString(""), kiln.path("precision").asString(""));
  }

  /**
   * {@return what differs from another file's signature; empty if nothing does}
   *
   * @param found signature of the other file
   */
  public String differences(ModelSignature found) {
    List<String> differences = new ArrayList<>();
    compare(differences, "model hash", modelHash, found.modelHash);
    compare(differences, "precision", precision, found.precision);
    return String.join("; ", differences);
  }

  private static void compare(List<String> to, String name, String expected, String found) {
    if (!expected.equals(found)) {
      to.add("%s: expected %s, found %s".formatted(name, orNone(expected), orNone(found)));
    }
  }

  private static String orNone(String value) {
    return value.isEmpty() ? "none" : value;
  }
}
