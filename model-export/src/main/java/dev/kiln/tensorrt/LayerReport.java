package dev.kiln.tensorrt;

import dev.kiln.tensorrt.PlanDescription.Attention;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Which layers a plan runs, as TensorRT's inspector tells them: an object with an array {@code
 * Layers}, of objects if the plan was built with details, else of names.
 */
final class LayerReport {
  /** Kernels that compute the two products of attention and the softmax between them at once. */
  private static final Pattern FUSED =
      Pattern.compile("(?i)_?gemm_mha\\w*|\\w*fmha\\w*|\\w*mha_v\\d\\w*|\\w*flash_?att\\w*");

  /** Fields that name what runs; others repeat names of the graph, which speak of attention too. */
  private static final List<String> NAMES = List.of("Name", "TacticName", "LayerType");

  private LayerReport() {}

  /**
   * @param json of the inspector
   * @param blocks of the encoder
   */
  static Attention attention(String json, int blocks) {
    Set<String> kernels = new LinkedHashSet<>();
    int fused = 0;
    for (JsonNode layer : layers(json)) {
      List<String> found = new ArrayList<>();
      for (String name : names(layer)) {
        Matcher matcher = FUSED.matcher(name);
        if (matcher.find()) {
          found.add(withoutNumbers(matcher.group()));
        }
      }
      if (!found.isEmpty()) {
        fused++;
        kernels.add(found.get(found.size() - 1));
      }
    }
    return new Attention(blocks, fused, List.copyOf(kernels));
  }

  private static Iterable<JsonNode> layers(String json) {
    try {
      return JsonMapper.shared().readTree(json).path("Layers");
    } catch (JacksonException e) {
      throw new TensorRtException(
          "the layer report cannot be read", e.getOriginalMessage().lines().findFirst().orElse(""));
    }
  }

  private static List<String> names(JsonNode layer) {
    if (layer.isString()) {
      return List.of(layer.stringValue());
    }
    List<String> names = new ArrayList<>();
    for (String field : NAMES) {
      names.add(layer.path(field).asString(""));
    }
    return names;
  }

  /** Layers of one kernel differ in a running number at the end. */
  private static String withoutNumbers(String name) {
    return name.replaceFirst("(_myl\\d+)?_\\d+$", "");
  }
}
