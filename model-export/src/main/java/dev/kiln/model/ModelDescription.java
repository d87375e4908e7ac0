package dev.kiln.model;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.kiln.platform.Platform;
import java.util.List;
import java.util.Objects;

/**
 * Contents of {@code model.json} in a model directory.
 *
 * @param format version of the directory's layout, {@link #FORMAT}
 * @param architecture dimensions of the encoder
 * @param opset ONNX operator set of the graphs
 * @param weights the file with all weights
 * @param platforms platforms that the encoder was exported for, with the statistics that normalize
 *     their pixels
 * @param graphs the ONNX files
 * @param tensors names, shapes and offsets of the tensors in the weights file
 */
public record ModelDescription(
    int format,
    Architecture architecture,
    int opset,
    Weights weights,
    List<Platform> platforms,
    List<Graph> graphs,
    List<Tensor> tensors) {

  /** Version of the layout. */
  public static final int FORMAT = 1;

  /** Copies the lists and checks that nothing is null. */
  public ModelDescription {
    Objects.requireNonNull(architecture, "architecture");
    Objects.requireNonNull(weights, "weights");
    platforms = List.copyOf(platforms);
    graphs = List.copyOf(graphs);
    tensors = List.copyOf(tensors);
  }

  /**
   * The weights file: little-endian float32 tensors, each at a 4096-byte boundary.
   *
   * @param file name within the model directory
   * @param bytes size of the file
   * @param sha256 its SHA-256 in hexadecimal: the identity of the model
   */
  public record Weights(String file, long bytes, String sha256) {
    /** Checks that nothing is null. */
    public Weights {
      Objects.requireNonNull(file, "weights.file");
      Objects.requireNonNull(sha256, "weights.sha256");
    }
  }

  /**
   * One ONNX file. Its inputs are {@code patches} {@code [batch, L, C·64]}, {@code gsd} {@code
   * [1]}, {@code time} and {@code latlon} {@code [batch, 4]}, all float32, L = (chipSize/8)².
   *
   * @param platform name of the platform
   * @param chipSize chip edge in pixels
   * @param tokens whether the output is {@code tokens} {@code [batch, 1 + L, dim]} instead of
   *     {@code embedding} {@code [batch, dim]}
   * @param file name within the model directory
   * @param sha256 SHA-256 of the file in hexadecimal
   */
  public record Graph(
      String platform,
      @JsonProperty("chip") int chipSize,
      boolean tokens,
      String file,
      String sha256) {
    /** Checks that nothing is null. */
    public Graph {
      Objects.requireNonNull(platform, "graphs.platform");
      Objects.requireNonNull(file, "graphs.file");
      Objects.requireNonNull(sha256, "graphs.sha256");
    }
  }

  /**
   * A float32 tensor of the weights file.
   *
   * @param name name as listed at {@link ModelDirectory}
   * @param shape size of each dimension, row-major
   * @param offset offset of the first byte
   */
  public record Tensor(String name, List<Long> shape, long offset) {
    /** Copies the shape and checks that nothing is null. */
    public Tensor {
      Objects.requireNonNull(name, "tensors.name");
      shape = List.copyOf(shape);
    }

    /** {@return the number of values} */
    public long size() {
      return shape.stream().reduce(1L, Math::multiplyExact);
    }

    /** {@return the size in bytes} */
    public long bytes() {
      return size() * Float.BYTES;
    }
  }
}
