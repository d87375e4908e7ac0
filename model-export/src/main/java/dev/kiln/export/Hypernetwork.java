package dev.kiln.export;

import static dev.kiln.export.EncoderTensors.FC_LAYER;
import static dev.kiln.export.EncoderTensors.GENERATOR;
import static dev.kiln.export.EncoderTensors.WAVE_DIM;
import static dev.kiln.export.EncoderTensors.WEIGHT_TOKENS;

import dev.kiln.model.Architecture;
import dev.kiln.platform.Platform;
import java.util.stream.IntStream;
import org.apache.commons.numbers.gamma.Erf;

/**
 * Clay's generator of patch embeddings: computes the weights of the convolution from pixels to
 * tokens from the wavelengths of a platform's bands. A platform's wavelengths never change, so its
 * weights are folded to constants here, with double-precision sums.
 *
 * <p>The network is {@code DynamicEmbedding} of Clay v1.5: wavelength encoding, a residual
 * two-layer perceptron, one post-norm transformer layer over {@code [weight tokens, bands, bias
 * token]}, and two linear read-outs.
 */
final class Hypernetwork {
  private static final int HEADS = 4;
  private static final double LAYER_NORM_EPSILON = 1e-5;

  /** Scale of the generated convolution; its bias is not scaled. */
  private static final double WEIGHT_SCALE = 0.02;

  /**
   * The patch embedding of one platform.
   *
   * @param weight {@code [C·64, dim]}, rows in the order (band, row, column) of a patch
   * @param bias {@code [dim]}
   */
  record PatchEmbedding(float[] weight, float[] bias) {}

  private final int dim;
  private final double[][] weightTokens;
  private final double[] biasToken;
  private final Linear waves1;
  private final Linear waves2;
  private final Linear attentionIn;
  private final Linear attentionOut;
  private final Linear mlp1;
  private final Linear mlp2;
  private final Norm norm1;
  private final Norm norm2;
  private final Linear toWeight;
  private final Linear toBias;

  Hypernetwork(Checkpoint checkpoint, Architecture architecture) {
    dim = architecture.dim();
    String layer = GENERATOR + "encoder.layers.0.";
    float[] tokens = checkpoint.read(GENERATOR + "weight_tokens");
    weightTokens = new double[WEIGHT_TOKENS][WAVE_DIM];
    for (int i = 0; i < tokens.length; i++) {
      weightTokens[i / WAVE_DIM][i % WAVE_DIM] = tokens[i];
    }
    float[] bias = checkpoint.read(GENERATOR + "bias_token");
    biasToken = IntStream.range(0, bias.length).mapToDouble(i -> bias[i]).toArray();
    waves1 = Linear.read(checkpoint, FC_LAYER + "l1.");
    waves2 = Linear.read(checkpoint, FC_LAYER + "l2.");
    attentionIn = Linear.read(checkpoint, layer + "self_attn.in_proj_");
    attentionOut = Linear.read(checkpoint, layer + "self_attn.out_proj.");
    mlp1 = Linear.read(checkpoint, layer + "linear1.");
    mlp2 = Linear.read(checkpoint, layer + "linear2.");
    norm1 = Norm.read(checkpoint, layer + "norm1");
    norm2 = Norm.read(checkpoint, layer + "norm2");
    toWeight = Linear.read(checkpoint, GENERATOR + "fc_weight.");
    toBias = Linear.read(checkpoint, GENERATOR + "fc_bias.");
  }

  /** Computes the patch embedding of a platform. */
  PatchEmbedding fold(Platform platform) {
    int bands = platform.bands().size();
    double[][] waves = new double[bands][];
    double[][] sequence = new double[WEIGHT_TOKENS + bands + 1][];
    for (int i = 0; i < WEIGHT_TOKENS; i++) {
      sequence[i] = weightTokens[i];
    }
    for (int band = 0; band < bands; band++) {
      double[] encoded = encode(platform.bands().get(band).wavelength());
      waves[band] = add(encoded, gelu(waves2.apply(gelu(waves1.apply(encoded)))));
      sequence[WEIGHT_TOKENS + band] = waves[band];
    }
    sequence[WEIGHT_TOKENS + bands] = biasToken;
    double[][] out = transformerLayer(sequence);

    int pixels = Architecture.patchPixels();
    float[] weight = new float[bands * pixels * dim];
    for (int band = 0; band < bands; band++) {
      double[] generated = toWeight.apply(add(out[WEIGHT_TOKENS + band], waves[band]));
      // Generated as (output, row, column); a GEMM needs consecutive outputs.
      for (int output = 0; output < dim; output++) {
        for (int pixel = 0; pixel < pixels; pixel++) {
          weight[(band * pixels + pixel) * dim + output] =
              (float) (generated[output * pixels + pixel] * WEIGHT_SCALE);
        }
      }
    }
    double[] generatedBias = toBias.apply(out[WEIGHT_TOKENS + bands]);
    float[] bias = new float[dim];
    for (int i = 0; i < dim; i++) {
      bias[i] = (float) generatedBias[i];
    }
    return new PatchEmbedding(weight, bias);
  }

  /** Returns the sines, then cosines, of the wavelength at 64 frequencies from 1 to 1/10000. */
  private static double[] encode(double wavelength) {
    int half = WAVE_DIM / 2;
    double[] encoded = new double[WAVE_DIM];
    for (int i = 0; i < half; i++) {
      double angle = wavelength / Math.pow(10_000, i / (half - 1.0));
      encoded[i] = Math.sin(angle);
      encoded[half + i] = Math.cos(angle);
    }
    return encoded;
  }

  private double[][] transformerLayer(double[][] tokens) {
    double[][] attended = selfAttention(tokens);
    double[][] out = new double[tokens.length][];
    for (int i = 0; i < tokens.length; i++) {
      double[] x = norm1.apply(add(tokens[i], attentionOut.apply(attended[i])));
      out[i] = norm2.apply(add(x, mlp2.apply(gelu(mlp1.apply(x)))));
    }
    return out;
  }

  private double[][] selfAttention(double[][] tokens) {
    int headDim = WAVE_DIM / HEADS;
    double[][] qkv = new double[tokens.length][];
    for (int i = 0; i < tokens.length; i++) {
      qkv[i] = attentionIn.apply(tokens[i]);
    }
    double[][] out = new double[tokens.length][WAVE_DIM];
    double[] score = new double[tokens.length];
    for (int head = 0; head < HEADS; head++) {
      int query = head * headDim;
      int key = WAVE_DIM + query;
      int value = 2 * WAVE_DIM + query;
      for (int i = 0; i < tokens.length; i++) {
        double highest = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < tokens.length; j++) {
          double dot = 0;
          for (int d = 0; d < headDim; d++) {
            dot += qkv[i][query + d] * qkv[j][key + d];
          }
          score[j] = dot / Math.sqrt(headDim);
          highest = Math.max(highest, score[j]);
        }
        double sum = 0;
        for (int j = 0; j < tokens.length; j++) {
          score[j] = Math.exp(score[j] - highest);
          sum += score[j];
        }
        for (int j = 0; j < tokens.length; j++) {
          for (int d = 0; d < headDim; d++) {
            out[i][query + d] += score[j] / sum * qkv[j][value + d];
          }
        }
      }
    }
    return out;
  }

  private static double[] add(double[] a, double[] b) {
    double[] sum = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      sum[i] = a[i] + b[i];
    }
    return sum;
  }

  private static double[] gelu(double[] x) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = 0.5 * x[i] * (1 + Erf.value(x[i] / Math.sqrt(2)));
    }
    return y;
  }

  /** {@code y = W·x + b}, with W {@code [out, in]}. */
  private record Linear(float[] weight, float[] bias) {
    static Linear read(Checkpoint checkpoint, String prefix) {
      return new Linear(checkpoint.read(prefix + "weight"), checkpoint.read(prefix + "bias"));
    }

    double[] apply(double[] x) {
      double[] y = new double[bias.length];
      for (int o = 0; o < y.length; o++) {
        double sum = bias[o];
        for (int i = 0; i < x.length; i++) {
          sum += x[i] * weight[o * x.length + i];
        }
        y[o] = sum;
      }
      return y;
    }
  }

  private record Norm(float[] weight, float[] bias) {
    static Norm read(Checkpoint checkpoint, String name) {
      return new Norm(checkpoint.read(name + ".weight"), checkpoint.read(name + ".bias"));
    }

    double[] apply(double[] x) {
      double mean = 0;
      for (double v : x) {
        mean += v / x.length;
      }
      double variance = 0;
      for (double v : x) {
        variance += (v - mean) * (v - mean) / x.length;
      }
      double[] y = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        y[i] = (x[i] - mean) / Math.sqrt(variance + LAYER_NORM_EPSILON) * weight[i] + bias[i];
      }
      return y;
    }
  }
}
