package dev.kiln.tensorrt;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.kiln.cuda.GpuDescription;
import dev.kiln.export.TypedModel;
import dev.kiln.io.Sha256;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.type.DataType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Everything that a plan depends on. TensorRT runs a plan only with the version and on the kind of
 * GPU that it was built for.
 *
 * @param model SHA-256 of the model's weights
 * @param graph SHA-256 of the graph that was compiled
 * @param tensorRt version of TensorRT, such as "11.2.1.2"
 * @param gpu NVIDIA's name of the GPU
 * @param architecture of the GPU, such as "sm_90"
 * @param precision type of the matrix products
 * @param batchSize largest batch in chips; the plan accepts smaller ones too
 * @param platform name of the platform
 * @param chipSize chip edge in pixels
 */
public record PlanKey(
    String model,
    String graph,
    String tensorRt,
    String gpu,
    String architecture,
    DataType precision,
    @JsonProperty("batch") int batchSize,
    String platform,
    @JsonProperty("chip") int chipSize) {

  /**
   * Returns the key of an encoder on a GPU.
   *
   * @param encoder the exported encoder
   * @param precision type of the matrix products
   * @param batchSize largest batch in chips
   * @param tensorRt version of TensorRT
   * @param gpu the GPU
   */
  public static PlanKey of(
      ExportedEncoder encoder,
      DataType precision,
      int batchSize,
      String tensorRt,
      GpuDescription gpu) {
    return new PlanKey(
        encoder.model().hash(),
        new TypedModel(encoder, precision, true).graphHash(),
        tensorRt,
        gpu.name(),
        gpu.architecture(),
        precision,
        batchSize,
        encoder.platform().name(),
        encoder.chipSize());
  }

  /** Returns the file name without suffix: the readable parts and a hash of the whole key. */
  public String fileName() {
    return "%s-%d-%s-batch%d-%s-trt%s-%s"
        .formatted(
            platform,
            chipSize,
            precision.label(),
            batchSize,
            architecture.replace("_", ""),
            tensorRt,
            hash());
  }

  /** Returns the name of the timing cache that plans for this GPU share. */
  String timingCacheName() {
    String name = gpu.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    return "timing-%s-trt%s.cache".formatted(name, tensorRt);
  }

  private String hash() {
    return Sha256.hex(String.join("\n", parts().values())).substring(0, 8);
  }

  /**
   * Returns one line per part in which another key differs, such as {@code "GPU: expected NVIDIA
   * H100, found NVIDIA A100"}.
   *
   * @return empty if the keys are equal
   */
  public List<String> differences(PlanKey other) {
    List<String> differences = new ArrayList<>();
    Map<String, String> others = other.parts();
    parts()
        .forEach(
            (part, expected) -> {
              if (!expected.equals(others.get(part))) {
                differences.add(
                    "%s: expected %s, found %s"
                        .formatted(part, brief(expected), brief(others.get(part))));
              }
            });
    return differences;
  }

  private static String brief(String value) {
    return value == null ? "none" : value.matches("[0-9a-f]{64}") ? value.substring(0, 12) : value;
  }

  private Map<String, String> parts() {
    Map<String, String> parts = new LinkedHashMap<>();
    parts.put("GPU", gpu);
    parts.put("GPU architecture", architecture);
    parts.put("TensorRT", tensorRt);
    parts.put("model", model);
    parts.put("graph", graph);
    parts.put("precision", precision.label());
    parts.put("batch", Integer.toString(batchSize));
    parts.put("platform", platform);
    parts.put("chip", Integer.toString(chipSize));
    return parts;
  }
}
