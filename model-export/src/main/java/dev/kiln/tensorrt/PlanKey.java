package dev.kiln.tensorrt;

import dev.kiln.cuda.GpuDescription;
import dev.kiln.export.StorageType;
import dev.kiln.export.TypedModel;
import dev.kiln.model.ModelDirectory;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * All that a plan is good for: TensorRT runs one only with the version and on the kind of GPU that
 * it was built for.
 *
 * @param model SHA-256 of the model's weights
 * @param graph SHA-256 of the graph that was compiled
 * @param tensorRt version, as in "11.2.1.2"
 * @param gpu NVIDIA's name of it
 * @param architecture as in "sm_90"
 * @param precision of matrix products: "bf16" or "fp16"
 * @param batch most chips in a batch; the plan takes fewer too
 * @param platform sensor
 * @param chip side of a chip in pixels
 */
public record PlanKey(
    String model,
    String graph,
    String tensorRt,
    String gpu,
    String architecture,
    String precision,
    int batch,
    String platform,
    int chip) {

  /** The key of what this model is on this machine. */
  public static PlanKey of(
      ModelDirectory model,
      String platform,
      int chip,
      StorageType products,
      int batch,
      String tensorRt,
      GpuDescription gpu) {
    return new PlanKey(
        model.hash(),
        new TypedModel(model, platform, chip, products, true).graphHash(),
        tensorRt,
        gpu.name(),
        gpu.architecture(),
        precision(products),
        batch,
        platform,
        chip);
  }

  /** How users call a type of matrix products. */
  public static String precision(StorageType products) {
    return switch (products) {
      case BFLOAT16 -> "bf16";
      case FLOAT16 -> "fp16";
      case FLOAT32 -> "fp32";
    };
  }

  /** File name without suffix: what a person looks for, and a hash of all of it. */
  public String fileName() {
    return "%s-%d-%s-batch%d-%s-trt%s-%s"
        .formatted(
            platform, chip, precision, batch, architecture.replace("_", ""), tensorRt, hash());
  }

  /** Name of the timing cache that plans for this GPU share. */
  String timingCacheName() {
    String name = gpu.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    return "timing-%s-trt%s.cache".formatted(name, tensorRt);
  }

  private String hash() {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(String.join("\n", parts().values()).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 4);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * Where another key differs, in words: {@code "GPU: expected NVIDIA H100, found NVIDIA A100"};
   * empty if it does not.
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
    parts.put("precision", precision);
    parts.put("batch", Integer.toString(batch));
    parts.put("platform", platform);
    parts.put("chip", Integer.toString(chip));
    return parts;
  }
}
