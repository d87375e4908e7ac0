package dev.kiln.export;

import dev.kiln.model.Architecture;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names and shapes of the tensors of a Clay v1.5 encoder in PyTorch: {@code [out, in]}. */
final class EncoderTensors {
  /** Width of the hypernetwork that generates the patch embedding. */
  static final int WAVE_DIM = 128;

  static final int WEIGHT_TOKENS = 128;
  static final int HYPERNETWORK_MLP = 2048;

  /** Values at the end of a token for time and location. */
  static final int METADATA = 8;

  /** Far above any encoder; prevents overflows of computed sizes. */
  private static final int MAX_WIDTH = 1 << 14;

  static final String CLASS_TOKEN = "cls_token";
  static final String GENERATOR = "patch_embedding.weight_generator.";
  static final String FC_LAYER = "patch_embedding.fclayer.";
  static final String FINAL_NORM = "transformer.norm";

  private static final Pattern BLOCK_TENSOR =
      Pattern.compile("transformer\\.layers\\.(\\d{1,4})\\..*");

  private EncoderTensors() {}

  static String attention(int block) {
    return "transformer.layers.%d.0.".formatted(block);
  }

  static String mlp(int block) {
    return "transformer.layers.%d.1.net.".formatted(block);
  }

  /** Returns every tensor of an encoder with its shape, in the order of the forward pass. */
  static Map<String, List<Long>> shapes(Architecture of) {
    long dim = of.dim();
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    shapes.put(CLASS_TOKEN, List.of(1L, 1L, dim));
    shapes.put(GENERATOR + "weight_tokens", List.of((long) WEIGHT_TOKENS, (long) WAVE_DIM));
    shapes.put(GENERATOR + "bias_token", List.of(1L, (long) WAVE_DIM));
    String layer = GENERATOR + "encoder.layers.0.";
    putLinear(shapes, layer + "self_attn.in_proj_", 3 * WAVE_DIM, WAVE_DIM);
    putLinear(shapes, layer + "self_attn.out_proj.", WAVE_DIM, WAVE_DIM);
    putLinear(shapes, layer + "linear1.", HYPERNETWORK_MLP, WAVE_DIM);
    putLinear(shapes, layer + "linear2.", WAVE_DIM, HYPERNETWORK_MLP);
    putNorm(shapes, layer + "norm1", WAVE_DIM);
    putNorm(shapes, layer + "norm2", WAVE_DIM);
    putLinear(shapes, GENERATOR + "fc_weight.", dim * Architecture.patchPixels(), WAVE_DIM);
    putLinear(shapes, GENERATOR + "fc_bias.", dim, WAVE_DIM);
    putLinear(shapes, FC_LAYER + "l1.", WAVE_DIM, WAVE_DIM);
    putLinear(shapes, FC_LAYER + "l2.", WAVE_DIM, WAVE_DIM);
    for (int block = 0; block < of.depth(); block++) {
      putNorm(shapes, attention(block) + "norm", dim);
      shapes.put(attention(block) + "to_qkv.weight", List.of(3L * of.inner(), dim));
      shapes.put(attention(block) + "to_out.weight", List.of(dim, (long) of.inner()));
      putNorm(shapes, mlp(block) + "0", dim);
      putLinear(shapes, mlp(block) + "1.", of.mlpDim(), dim);
      putLinear(shapes, mlp(block) + "3.", dim, of.mlpDim());
    }
    putNorm(shapes, FINAL_NORM, dim);
    return shapes;
  }

  private static void putLinear(Map<String, List<Long>> shapes, String prefix, long out, long in) {
    shapes.put(prefix + "weight", List.of(out, in));
    shapes.put(prefix + "bias", List.of(out));
  }

  private static void putNorm(Map<String, List<Long>> shapes, String name, long dim) {
    shapes.put(name + ".weight", List.of(dim));
    shapes.put(name + ".bias", List.of(dim));
  }

  /**
   * Infers the architecture from the shapes of a checkpoint's tensors, and checks that all tensors
   * exist and are complete.
   *
   * @throws dev.kiln.error.ConfigurationException naming the first tensor that is not as expected
   */
  static Architecture infer(Checkpoint checkpoint) {
    int dim = size(checkpoint, CLASS_TOKEN, 3, 2);
    if (dim <= METADATA + 4 || dim % 4 != 0) {
      throw checkpoint.fault(
          CLASS_TOKEN, "expected a width above 12 that is a multiple of 4, found " + dim);
    }
    int depth = 0;
    for (String name : checkpoint.names()) {
      Matcher matcher = BLOCK_TENSOR.matcher(name);
      if (matcher.matches()) {
        depth = Math.max(depth, Integer.parseInt(matcher.group(1)) + 1);
      }
    }
    String out = attention(0) + "to_out.weight";
    int inner = size(checkpoint, out, 2, 1);
    int mlpDim = size(checkpoint, mlp(0) + "1.weight", 2, 0);
    Architecture architecture =
        Architecture.of(dim, depth, inner, mlpDim)
            .orElseThrow(
                () ->
                    checkpoint.fault(
                        out,
                        "expected a width divisible into heads of %d, found %d"
                            .formatted(Architecture.DEFAULT_DIM_HEAD, inner)));
    shapes(architecture).forEach(checkpoint::check);
    return architecture;
  }

  private static int size(Checkpoint checkpoint, String name, int rank, int dimension) {
    List<Long> shape = checkpoint.shape(name);
    if (shape.size() != rank || shape.get(dimension) < 1 || shape.get(dimension) > MAX_WIDTH) {
      throw checkpoint.fault(
          name,
          "expected %d dimensions of 1 to %d, found shape %s".formatted(rank, MAX_WIDTH, shape));
    }
    return shape.get(dimension).intValue();
  }
}
