package dev.kiln.selftest;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What PyTorch reached on this device, from the file that {@code benchmarks/peers/clay_torch.py}
 * writes.
 *
 * @param model name of the architecture that was measured, such as {@code large}
 * @param variants chips per second of each variant and batch size
 * @param composite chips per second if every part of the encoder ran at the speed of the best known
 *     kernel for its shape: the composite ceiling; empty if a part was not measured
 */
public record Peers(String model, List<Variant> variants, OptionalDouble composite) {
  private static final String COMPOSITE = "composite ceiling";
  private static final String BEST = "best variant";

  /**
   * One variant of PyTorch's encoder.
   *
   * @param name such as {@code compiled blocks}
   * @param batch chips per batch
   * @param chipsPerSecond measured
   */
  public record Variant(String name, int batch, double chipsPerSecond) {}

  /** Copies the list. */
  public Peers {
    variants = List.copyOf(variants);
  }

  /**
   * Reads the file.
   *
   * @throws ConfigurationException if it is not such a file
   */
  static Peers read(Path file) throws IOException {
    JsonNode root;
    try {
      root = JsonMapper.shared().readTree(Files.readAllBytes(file));
    } catch (JacksonException e) {
      throw unexpected(file, "no JSON: " + e.getOriginalMessage());
    }
    if (!root.path("model").isString() || !root.path("results").isArray()) {
      throw unexpected(file, "no \"model\" and \"results\"");
    }
    List<Variant> variants = new ArrayList<>();
    OptionalDouble composite = OptionalDouble.empty();
    for (JsonNode result : root.path("results")) {
      double chips = result.path("chips_per_second").asDouble(Double.NaN);
      String name = result.path("name").asString("");
      if (!(chips > 0) || name.equals(BEST)) {
        continue;
      }
      if (name.equals(COMPOSITE)) {
        composite = OptionalDouble.of(chips);
      } else {
        variants.add(new Variant(name, result.path("batch").asInt(0), chips));
      }
    }
    return new Peers(root.path("model").asString(), variants, composite);
  }

  private static ConfigurationException unexpected(Path file, String found) {
    return new ConfigurationException(
        "--peers %s: expected the file that benchmarks/peers/clay_torch.py writes, found %s"
            .formatted(file, found));
  }

  /** {@return the fastest variant; empty if none ran} */
  Optional<Variant> best() {
    return variants.stream().max((a, b) -> Double.compare(a.chipsPerSecond(), b.chipsPerSecond()));
  }
}
