package dev.kiln.infer.gpu;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.Gpu;
import dev.kiln.infer.gpu.Gemm.Linear;
import dev.kiln.model.Architecture;
import dev.kiln.model.ExportedEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The weights of an encoder on a device: matrices in bfloat16 {@code [in, out]}, everything else in
 * float32. Queries are scaled so that scores are logarithms to base 2.
 */
final class DeviceWeights implements AutoCloseable {
  private static final float LOG2_E = (float) (1 / Math.log(2));

  private final Architecture model;
  private final KernelWeights tensors;
  private final DeviceBuffer classToken;
  private final DeviceBuffer omega;
  private final Linear patch;
  private final List<Block> blocks = new ArrayList<>();
  private final Norm norm;

  /** Scale and shift of a LayerNorm. */
  record Norm(DeviceBuffer weight, DeviceBuffer bias) {}

  /**
   * The weights of one block.
   *
   * @param qkv null in the last block, whose queries may be computed for token 0 only
   * @param q of the last block only
   * @param kv of the last block only
   */
  record Block(
      Norm attention,
      Linear qkv,
      Linear q,
      Linear kv,
      Linear out,
      Norm mlp,
      Linear up,
      Linear down) {}

  /**
   * Loads the weights.
   *
   * @throws dev.kiln.cuda.DeviceMemoryException if the device has too little memory
   */
  DeviceWeights(ExportedEncoder exported, Gpu gpu) {
    this.model = exported.architecture();
    this.tensors = new KernelWeights(exported.model(), gpu);
    try {
      this.classToken = tensors.wide("cls_token");
      this.omega = tensors.wide("position.omega");
      this.patch = linear("patch." + exported.platform().name(), exported.rowLength(), model.dim());
      for (int i = 0; i < model.depth(); i++) {
        blocks.add(block("block." + i, i == model.depth() - 1));
      }
      this.norm = norm("norm");
      tensors.loaded();
    } catch (RuntimeException | Error e) {
      tensors.close();
      throw e;
    }
  }

  private Block block(String name, boolean last) {
    int dim = model.dim();
    int inner = model.inner();
    String attend = name + ".attention";
    return new Block(
        norm(attend + ".norm"),
        last ? null : withQueries(attend + ".qkv", dim, 3 * inner),
        last ? withQueries(attend + ".q", dim, inner) : null,
        last ? matrix(attend + ".kv", dim, 2 * inner) : null,
        matrix(attend + ".out", inner, dim),
        norm(name + ".mlp.norm"),
        linear(name + ".mlp.up", dim, model.mlpDim()),
        linear(name + ".mlp.down", model.mlpDim(), dim));
  }

  private Norm norm(String name) {
    return new Norm(tensors.wide(name + ".weight"), tensors.wide(name + ".bias"));
  }

  private Linear linear(String name, int in, int out) {
    return new Linear(
        tensors.narrow(name + ".weight"), Optional.of(tensors.wide(name + ".bias")), in, out);
  }

  /** Loads weights whose first columns produce queries. */
  private Linear withQueries(String name, int in, int out) {
    return new Linear(tensors.narrow(name, out, model.inner(), LOG2_E), Optional.empty(), in, out);
  }

  private Linear matrix(String name, int in, int out) {
    return new Linear(tensors.narrow(name), Optional.empty(), in, out);
  }

  /** Returns the class token, {@code [dim]}. */
  DeviceBuffer classToken() {
    return classToken;
  }

  /** Returns the frequencies of the position encoding. */
  DeviceBuffer omega() {
    return omega;
  }

  /** Returns the patch embedding of the platform. */
  Linear patch() {
    return patch;
  }

  /** Returns all blocks. */
  List<Block> blocks() {
    return blocks;
  }

  /** Returns the first block. */
  Block first() {
    return blocks.get(0);
  }

  /** Returns the last block. */
  Block last() {
    return blocks.get(blocks.size() - 1);
  }

  /** Returns the LayerNorm after the last block. */
  Norm norm() {
    return norm;
  }

  /** Returns the bytes of all weights on the device. */
  long bytes() {
    return tensors.bytes();
  }

  /** Frees the weights; a second call does nothing. */
  @Override
  public void close() {
    tensors.close();
  }
}
