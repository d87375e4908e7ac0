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
 * Report of a plan's layers by TensorRT's inspector: an object with an array {@code Layers} of
 * objects if the plan was built with details, else of names.
 */
final class LayerReport {
  /** Kernels that compute both products of attention and the softmax between them. */
  private static final Pattern FUSED =
      Pattern.compile("(?i)_?gemm_mha\\w*|\\w*fmha\\w*|\\w*mha_v\\d\\w*|\\w*flash_?att\\w*");

  /** Fields that name kernels; others repeat names of the graph, which also mention attention. */
  private static final List<String> NAMES = List.of("Name", "TacticName", "LayerType");

  private LayerReport() {}

  /**
   * Counts the fused attention kernels.
   *
   * @param json report of the inspector
   * @param blocks number of blocks of the encoder
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
          "cannot read the layer report", e.getOriginalMessage().lines().findFirst().orElse(""));
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

  /** Removes the number that distinguishes layers with the same kernel. */
  private static String withoutNumbers(String name) {
    return name.replaceFirst("(_myl\\d+)?_\\d+$", "");
  }
}
