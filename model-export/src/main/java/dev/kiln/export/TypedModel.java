package dev.kiln.export;

import dev.kiln.error.ConfigurationException;
import dev.kiln.model.ModelDescription;
import dev.kiln.model.ModelDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The encoder of one platform and chip size for a compiler that takes every type as it is written:
 * the graph that {@link EncoderGraph} describes, with matrix products of 16 bits and the weights
 * already rounded to them. TensorRT 11 knows no other way to choose a precision.
 *
 * <p>Inputs: {@code patches} {@code [batch, L, C·64]} of the products' type; {@code gsd} {@code
 * [1]}, {@code time} and {@code latlon} {@code [batch, 4]} float32. Output: {@code embedding}
 * {@code [batch, dim]} float32.
 */
public final class TypedModel {
  /** Name of the graph within its directory. */
  public static final String GRAPH = "encoder.onnx";

  private static final String WEIGHTS = "encoder.bin";

  private final ModelDirectory model;
  private final EncoderGraph.Variant variant;
  private final Map<String, OnnxGraph.Weight> weights = new LinkedHashMap<>();

  /**
   * @param platform name of a platform that the model was exported for
   * @param chip side of a chip in pixels, a multiple of 8
   * @param products type of the matrix products
   * @param fused whether TensorRT must have one kernel for attention, or else fail
   * @throws ConfigurationException if the model was not exported for the platform
   */
  public TypedModel(
      ModelDirectory model, String platform, int chip, StorageType products, boolean fused) {
    this.model = model;
    this.variant =
        new EncoderGraph.Variant(
            model.architecture(),
            model.platform(platform),
            chip,
            false,
            products,
            fused ? EncoderGraph.Attention.FUSED : EncoderGraph.Attention.DECOMPOSABLE);
    long position = 0;
    for (ModelDescription.Tensor tensor : model.description().tensors()) {
      if (isOfAnotherPlatform(tensor.name(), platform)) {
        continue;
      }
      OnnxGraph.Weight weight =
          new OnnxGraph.Weight(
              variant.typeOf(tensor.name(), tensor.shape()),
              tensor.shape(),
              WeightsFile.aligned(position));
      weights.put(tensor.name(), weight);
      position = weight.offset() + weight.bytes();
    }
  }

  private static boolean isOfAnotherPlatform(String tensor, String platform) {
    return tensor.startsWith("patch.") && !tensor.startsWith("patch." + platform + ".");
  }

  /** SHA-256 of the graph in hexadecimal: it changes when what is compiled does. */
  public String graphHash() {
    return HexFormat.of().formatHex(WeightsFile.sha256().digest(graph()));
  }

  private byte[] graph() {
    return EncoderGraph.build(variant, WEIGHTS, weights).toByteArray();
  }

  /**
   * Writes {@link #GRAPH} and, beside it, its weights.
   *
   * @param directory there already
   * @return the graph's file
   * @throws ConfigurationException if the directory cannot be written
   */
  public Path write(Path directory) {
    Path graph = directory.resolve(GRAPH);
    try {
      try (WeightsFile file = new WeightsFile(directory.resolve(WEIGHTS))) {
        for (Map.Entry<String, OnnxGraph.Weight> entry : weights.entrySet()) {
          OnnxGraph.Weight weight = entry.getValue();
          file.add(entry.getKey(), weight.type(), model.tensor(entry.getKey()), weight.shape());
        }
        if (!file.tensors().equals(weights)) {
          throw new IllegalStateException("weights do not lie where the graph says");
        }
      }
      Files.write(graph, graph());
    } catch (IOException e) {
      throw new ConfigurationException(
          "%s: the graph to compile cannot be written: %s".formatted(directory, e), e);
    }
    return graph;
  }
}
