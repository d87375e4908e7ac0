package dev.kiln.dataset.merge;

import dev.kiln.dataset.ModelSignature;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * What made the vectors of a file. Vectors of different models, precisions or dimensions cannot be
 * compared, nor those of one platform that were made with different options.
 *
 * @param model hash of the weights and precision
 * @param modelSize such as {@code large}
 * @param dim length of an embedding
 * @param options that change values, by name
 */
record Signature(ModelSignature model, String modelSize, int dim, Map<String, String> options) {

  static Signature of(JsonNode kiln, int dim) {
    Map<String, String> options = new TreeMap<>();
    kiln.path("options")
        .properties()
        .forEach(e -> options.put(e.getKey(), e.getValue().asString("")));
    return new Signature(
        ModelSignature.of(kiln), kiln.path("model_size").asString(""), dim, options);
  }

  /**
   * Returns what differs; empty if nothing does.
   *
   * @param samePlatform whether the options are compared, too
   */
  String differences(Signature found, boolean samePlatform) {
    List<String> differences = new ArrayList<>();
    String ofModels = model.differences(found.model);
    if (!ofModels.isEmpty()) {
      differences.add(ofModels);
    }
    compare(differences, "dimensions", Integer.toString(dim), Integer.toString(found.dim));
    if (samePlatform) {
      Set<String> names = new TreeSet<>(options.keySet());
      names.addAll(found.options.keySet());
      for (String name : names) {
        compare(
            differences,
            name,
            options.getOrDefault(name, "none"),
            found.options.getOrDefault(name, "none"));
      }
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
    String hash = model.modelHash().replaceFirst("^sha256:", "");
    return hash.substring(0, Math.min(8, hash.length())) + "-" + model.precision() + "-" + dim;
  }
}
