package dev.kiln.export;

import dev.kiln.error.ConfigurationException;
import dev.kiln.io.Sha256;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.model.ModelDescription;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An encoder as a strongly typed graph: the graph that {@link EncoderGraph} describes, with matrix
 * products of 16 bits and weights rounded to 16 bits. TensorRT 11 offers no other way to choose a
 * precision.
 *
 * <p>Inputs: {@code patches} {@code [batch, L, C·64]} of the products' type; {@code gsd} {@code
 * [1]}, {@code time} and {@code latlon} {@code [batch, 4]} float32. Output: {@code embedding}
 * {@code [batch, dim]} float32.
 */
public final class TypedModel {
  /** Name of the graph file within its directory. */
  public static final String GRAPH = "encoder.onnx";

  private static final String WEIGHTS = "encoder.bin";

  private final ExportedEncoder encoder;
  private final EncoderGraph.Variant variant;
  private final Map<String, OnnxGraph.Weight> weights = new LinkedHashMap<>();

  /**
   * Describes the graph and its weights; writes nothing.
   *
   * @param encoder the encoder to write
   * @param precision type of the matrix products
   * @param fused whether TensorRT must use one kernel for attention, or fail
   */
  public TypedModel(ExportedEncoder encoder, DataType precision, boolean fused) {
    this.encoder = encoder;
    this.variant =
        new EncoderGraph.Variant(
            encoder.architecture(),
            encoder.platform(),
            encoder.chipSize(),
            false,
            precision,
            fused ? EncoderGraph.Attention.FUSED : EncoderGraph.Attention.DECOMPOSABLE);
    long position = 0;
    for (ModelDescription.Tensor tensor : encoder.model().description().tensors()) {
      if (!encoder.uses(tensor.name())) {
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

  /** Returns the SHA-256 of the graph in hexadecimal. */
  public String graphHash() {
    return Sha256.hex(graph());
  }

  private byte[] graph() {
    return EncoderGraph.build(variant, WEIGHTS, weights).toByteArray();
  }

  /**
   * Writes {@link #GRAPH} and, beside it, its weights.
   *
   * @param directory an existing directory
   * @return the graph file
   * @throws ConfigurationException if the directory cannot be written
   */
  public Path write(Path directory) {
    Path graph = directory.resolve(GRAPH);
    try {
      try (WeightsFile file = new WeightsFile(directory.resolve(WEIGHTS))) {
        for (Map.Entry<String, OnnxGraph.Weight> entry : weights.entrySet()) {
          OnnxGraph.Weight weight = entry.getValue();
          file.add(
              entry.getKey(),
              weight.type(),
              encoder.model().tensor(entry.getKey()),
              weight.shape());
        }
        if (!file.tensors().equals(weights)) {
          throw new IllegalStateException("weights are not at the offsets that the graph names");
        }
      }
      Files.write(graph, graph());
    } catch (IOException e) {
      throw new ConfigurationException(
          "%s: cannot write the graph to compile: %s".formatted(directory, e), e);
    }
    return graph;
  }
}
