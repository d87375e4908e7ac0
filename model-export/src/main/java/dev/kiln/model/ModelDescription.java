package dev.kiln.model;

import dev.kiln.platform.Platform;
import java.util.List;
import java.util.Objects;

/**
 * What {@code model.json} says of a model directory.
 *
 * @param format version of the directory's layout; {@link #FORMAT} is the one written and read here
 * @param architecture dimensions of the encoder
 * @param opset ONNX operator set of the graphs
 * @param weights the file that holds all weights
 * @param platforms sensors that the encoder was folded for, with the statistics that their pixels
 *     are normalised with
 * @param graphs the ONNX files
 * @param tensors what lies where in the weights file
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

  public ModelDescription {
    Objects.requireNonNull(architecture, "architecture");
    Objects.requireNonNull(weights, "weights");
    platforms = List.copyOf(platforms);
    graphs = List.copyOf(graphs);
    tensors = List.copyOf(tensors);
  }

  /**
   * The weights file: little-endian float32 tensors, each from a 4096-byte boundary on.
   *
   * @param file name within the model directory
   * @param bytes its size
   * @param sha256 its SHA-256 in hexadecimal: the identity of the model
   */
  public record Weights(String file, long bytes, String sha256) {}

  /**
   * One ONNX file. It takes {@code patches} {@code [batch, L, C·64]}, {@code gsd} {@code [1]},
   * {@code time} and {@code latlon} {@code [batch, 4]}, all float32, L = (chip/8)².
   *
   * @param platform the sensor whose patch embedding it holds
   * @param chip side of a chip in pixels
   * @param tokens whether it gives {@code tokens} {@code [batch, 1 + L, dim]} instead of {@code
   *     embedding} {@code [batch, dim]}
   * @param file name within the model directory
   * @param sha256 SHA-256 of the file in hexadecimal
   */
  public record Graph(String platform, int chip, boolean tokens, String file, String sha256) {}

  /**
   * A float32 tensor of the weights file.
   *
   * @param name see {@link ModelDirectory}
   * @param shape row-major
   * @param offset its first byte
   */
  public record Tensor(String name, List<Long> shape, long offset) {
    public Tensor {
      shape = List.copyOf(shape);
    }

    /** How many numbers it holds. */
    public long size() {
      return shape.stream().reduce(1L, Math::multiplyExact);
    }

    /** How many bytes it fills. */
    public long bytes() {
      return size() * Float.BYTES;
    }
  }
}
