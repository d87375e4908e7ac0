package dev.kiln.export;

import static dev.kiln.export.EncoderTensors.CLASS_TOKEN;
import static dev.kiln.export.EncoderTensors.FINAL_NORM;
import static dev.kiln.export.EncoderTensors.METADATA;

import dev.kiln.model.Architecture;
import dev.kiln.platform.Platform;
import java.io.IOException;
import java.util.List;

/**
 * Converts a checkpoint's tensors to the form that {@link dev.kiln.model.ModelDirectory} documents,
 * one at a time: transposes PyTorch's {@code [out, in]} matrices for a GEMM, multiplies the
 * attention scale into the queries, and folds the hypernetwork into one patch embedding per
 * platform.
 */
final class EncoderWeights {
  /** Edge of the blocks in which a matrix is transposed; rows and columns stay in the cache. */
  private static final int SQUARE = 64;

  private final Checkpoint checkpoint;
  private final Architecture architecture;
  private final WeightsFile file;
  private final int dim;

  EncoderWeights(Checkpoint checkpoint, Architecture architecture, WeightsFile file) {
    this.checkpoint = checkpoint;
    this.architecture = architecture;
    this.file = file;
    this.dim = architecture.dim();
  }

  void write(List<Platform> platforms) throws IOException {
    copy("cls_token", CLASS_TOKEN, dim);
    float[] omega = positionOmega(dim);
    file.add("position.omega", omega, omega.length);
    for (int block = 0; block < architecture.depth(); block++) {
      writeAttention(block);
      writeMlp(block);
    }
    copyNorm("norm", FINAL_NORM);
    Hypernetwork hypernetwork = new Hypernetwork(checkpoint, architecture);
    for (Platform platform : platforms) {
      Hypernetwork.PatchEmbedding patch = hypernetwork.fold(platform);
      String to = "patch." + platform.name();
      file.add(to + ".weight", patch.weight(), patch.weight().length / dim, dim);
      file.add(to + ".bias", patch.bias(), dim);
    }
  }

  private void writeAttention(int block) throws IOException {
    String from = EncoderTensors.attention(block);
    String to = "block.%d.attention.".formatted(block);
    int inner = architecture.inner();
    copyNorm(to + "norm", from + "norm");
    float[] qkv = checkpoint.read(from + "to_qkv.weight");
    double scale = Math.pow(architecture.dimHead(), -0.5);
    for (int i = 0; i < inner * dim; i++) {
      qkv[i] = (float) (qkv[i] * scale);
    }
    if (block < architecture.depth() - 1) {
      file.add(to + "qkv", transpose(qkv, dim, 0, 3 * inner), dim, 3L * inner);
    } else {
      file.add(to + "q", transpose(qkv, dim, 0, inner), dim, inner);
      file.add(to + "kv", transpose(qkv, dim, inner, 3 * inner), dim, 2L * inner);
    }
    copyMatrix(to + "out", from + "to_out.weight", inner, dim);
  }

  private void writeMlp(int block) throws IOException {
    String from = EncoderTensors.mlp(block);
    String to = "block.%d.mlp.".formatted(block);
    int hidden = architecture.mlpDim();
    copyNorm(to + "norm", from + "0");
    copyMatrix(to + "up.weight", from + "1.weight", dim, hidden);
    copy(to + "up.bias", from + "1.bias", hidden);
    copyMatrix(to + "down.weight", from + "3.weight", hidden, dim);
    copy(to + "down.bias", from + "3.bias", dim);
  }

  private void copy(String to, String from, int size) throws IOException {
    file.add(to, checkpoint.read(from), size);
  }

  private void copyNorm(String to, String from) throws IOException {
    copy(to + ".weight", from + ".weight", dim);
    copy(to + ".bias", from + ".bias", dim);
  }

  private void copyMatrix(String to, String from, int in, int out) throws IOException {
    file.add(to, transpose(checkpoint.read(from), in, 0, out), in, out);
  }

  /**
   * Returns the frequencies of the position encoding, rounded to float32 at each step as in
   * PyTorch.
   */
  private static float[] positionOmega(int dim) {
    int positionDim = dim - METADATA;
    int quarter = positionDim / 4;
    float[] omega = new float[quarter];
    for (int i = 0; i < quarter; i++) {
      float exponent = 2 * ((float) i / (quarter - 1)) / positionDim;
      omega[i] = 1 / (float) Math.pow(10_000, exponent);
    }
    return omega;
  }

  /** Transposes rows [from, to) of a row-major matrix to {@code [columns, to - from]}. */
  private static float[] transpose(float[] matrix, int columns, int from, int to) {
    int rows = to - from;
    float[] transposed = new float[rows * columns];
    for (int row0 = 0; row0 < rows; row0 += SQUARE) {
      for (int column0 = 0; column0 < columns; column0 += SQUARE) {
        for (int row = row0; row < Math.min(rows, row0 + SQUARE); row++) {
          for (int column = column0; column < Math.min(columns, column0 + SQUARE); column++) {
            transposed[column * rows + row] = matrix[(from + row) * columns + column];
          }
        }
      }
    }
    return transposed;
  }
}
