package dev.kiln.dataset.merge;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * What made the vectors of a file. Vectors of different models, precisions or dimensions cannot be
 * compared, nor those of one platform that were made with different options.
 *
 * @param modelHash SHA-256 of the weights
 * @param modelSize such as {@code large}
 * @param precision type of the inputs of matrix products
 * @param dim length of an embedding
 * @param options that change values, by name
 */
record Signature(
    String modelHash, String modelSize, String precision, int dim, Map<String, String> options) {

  static Signature of(JsonNode kiln, int dim) {
    Map<String, String> options = new TreeMap<>();
    kiln.path("options")
        .properties()
        .forEach(e -> options.put(e.getKey(), e.getValue().asString()));
    return new Signature(
        kiln.path("model_hash").asString(""),
        kiln.path("model_size").asString(""),
        kiln.path("precision").asString(""),
        dim,
        options);
  }

  /**
   * Returns what differs; empty if nothing does.
   *
   * @param samePlatform whether the options are compared, too
   */
  String differences(Signature found, boolean samePlatform) {
    List<String> differences = new ArrayList<>();
    compare(differences, "model hash", modelHash, found.modelHash);
    compare(differences, "precision", precision, found.precision);
    compare(differences, "dimensions", Integer.toString(dim), Integer.toString(found.dim));
    if (samePlatform) {
      Map<String, String> names = new TreeMap<>(options);
      names.putAll(found.options);
      names
          .keySet()
          .forEach(
              name ->
                  compare(
                      differences,
                      name,
                      options.getOrDefault(name, "none"),
                      found.options.getOrDefault(name, "none")));
    }
    return String.join("; ", differences);
  }

  private static void compare(List<String> to, String name, String expected, String found) {
    if (!expected.equals(found)) {
      to.add("%s: expected %s, found %s".formatted(name, expected, found));
    }
  }

  /** Returns a short name of model and precision for a partition. */
  String label() {
    String hash = modelHash.replaceFirst("^sha256:", "");
    return hash.substring(0, Math.min(8, hash.length())) + "-" + precision + "-" + dim;
  }
}
