package dev.kiln.infer.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.DeviceCode;
import dev.kiln.cuda.FakeGpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.KernelArguments;
import dev.kiln.cuda.LaunchShape;
import dev.kiln.infer.VectorLayout;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import org.apache.commons.numbers.gamma.Erfc;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Compares each kernel of the forward pass with the same computation in doubles, at sizes with all
 * kinds of remainders. Inputs are bfloat16 in both. The tolerance is the rounding of stored values
 * and of attention weights, 2^-8 of a value each.
 */
@Timeout(300)
class EncoderKernelsTest {
  private static final double ROUNDING = 1.0 / 256;

  private final FakeGpu gpu = new FakeGpu();
  private final GpuStream stream = gpu.newStream("test");
  private final Random random = new Random(17);

  @AfterEach
  void close() {
    gpu.close();
  }

  private static float wide(short narrow) {
    return Float.intBitsToFloat(narrow << 16);
  }

  private ByteBuffer bytes(DeviceBuffer memory) {
    return FakeGpu.bytes(memory.address(), (int) memory.size());
  }

  private DeviceBuffer narrow(int count, double spread) {
    DeviceBuffer memory = gpu.allocate("numbers", 2L * count);
    for (int i = 0; i < count; i++) {
      float value = (float) (random.nextGaussian() * spread);
      bytes(memory).putShort(2 * i, (short) DataType.BF16.toBits(value));
    }
    return memory;
  }

  private DeviceBuffer wide(int count) {
    DeviceBuffer memory = gpu.allocate("numbers", 4L * count);
    for (int i = 0; i < count; i++) {
      bytes(memory).putFloat(4 * i, (float) random.nextGaussian());
    }
    return memory;
  }

  private float narrowAt(DeviceBuffer memory, int i) {
    return wide(bytes(memory).getShort(2 * i));
  }

  private float wideAt(DeviceBuffer memory, int i) {
    return bytes(memory).getFloat(4 * i);
  }

  private void run(String kernel, LaunchShape shape, KernelArguments arguments) {
    DeviceCode code =
        DeviceCode.ATTENTION_SM90.kernels().contains(kernel)
            ? DeviceCode.ATTENTION_SM90
            : DeviceCode.ENCODER;
    stream.launch(gpu.compile(code).kernel(kernel), shape, arguments);
    stream.synchronize();
  }

  @ParameterizedTest
  @CsvSource({
    "1, 64, 32, 0", // fewer steps than stages
    "3, 8, 64, 0",
    "127, 192, 96, 0",
    "128, 128, 128, 0",
    "129, 136, 160, 0",
    "260, 64, 256, 0",
    "20, 64, 64, 4", // every fifth row of the result must not change
  })
  void products(int m, int n, int k, int group) {
    int aStride = k + 8;
    int outRows = group == 0 ? m : m + m / group;
    DeviceBuffer a = narrow(m * aStride, 1);
    DeviceBuffer w = narrow(k * n, 0.2);
    DeviceBuffer bias = wide(n);
    DeviceBuffer sum = wide(outRows * n);
    float[] before = new float[outRows * n];
    bytes(sum).asFloatBuffer().get(before);
    DeviceBuffer stored = gpu.allocate("stored", 2L * outRows * n);
    DeviceBuffer curved = gpu.allocate("curved", 2L * outRows * n);
    LaunchShape shape =
        new LaunchShape((n + 127) / 128, (m + 127) / 128, 1, 256, 4 * (128 * 40 + 32 * 136) * 2);
    for (DeviceBuffer out : List.of(stored, curved, sum)) {
      run(
          out == stored ? "kiln_product" : out == curved ? "kiln_product_gelu" : "kiln_product_add",
          shape,
          new KernelArguments()
              .pointer(a)
              .int64(aStride)
              .pointer(w)
              .int32(m)
              .int32(n)
              .int32(k)
              .pointer(bias)
              .pointer(out)
              .int64(n)
              .int32(group));
    }
    boolean[] written = new boolean[outRows];
    for (int row = 0; row < m; row++) {
      int target = group == 0 ? row : row + row / group + 1;
      written[target] = true;
      for (int column = 0; column < n; column++) {
        double product = 0;
        for (int i = 0; i < k; i++) {
          product += narrowAt(a, row * aStride + i) * narrowAt(w, i * n + column);
        }
        double biased = product + wideAt(bias, column);
        int at = target * n + column;
        assertThat((double) narrowAt(stored, at)).isCloseTo(product, near(product));
        double gelu = 0.5 * biased * (1 + erf(biased / Math.sqrt(2)));
        assertThat((double) narrowAt(curved, at)).isCloseTo(gelu, near(gelu));
        assertThat((double) wideAt(sum, at)).isCloseTo(before[at] + biased, within(1e-4));
      }
    }
    for (int row = 0; row < outRows; row++) {
      if (!written[row]) {
        assertThat(wideAt(sum, row * n)).isEqualTo(before[row * n]);
      }
    }
  }

  private static org.assertj.core.data.Offset<Double> near(double value) {
    return within(Math.abs(value) * ROUNDING + 1e-4);
  }

  /** Computes erf by its series, which converges everywhere, and fast enough for these values. */
  private static double erf(double x) {
    if (Math.abs(x) > 5) {
      return Math.signum(x);
    }
    double term = x;
    double sum = x;
    for (int n = 1; n < 200; n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }

  /**
   * The pass after a product, at each rest of a thread's four rows. Nearly all results are those of
   * the exact function, rounded: the formula of the device is fifty times as precise as bfloat16.
   */
  @ParameterizedTest
  @CsvSource({"1, 8", "2, 264", "3, 2056", "4, 8", "5, 64", "9, 2048"})
  void geluAfterAProduct(int rows, int columns) {
    DeviceBuffer x = narrow((rows + 1) * columns, 2);
    DeviceBuffer bias = wide(columns);
    float[] given = narrowNumbers(x);
    int threads = (rows + 3) / 4 * (columns / 8);
    run(
        "kiln_gelu",
        LaunchShape.of((threads + 255) / 256, 256),
        new KernelArguments().pointer(x).pointer(bias).int32(rows).int32(columns));
    float[] found = narrowNumbers(x);
    int different = 0;
    for (int i = 0; i < rows * columns; i++) {
      float biased = given[i] + wideAt(bias, i % columns);
      // Large negative numbers, of whose 1 + erf a difference would leave nothing, are included.
      double gelu = 0.5 * biased * Erfc.value(-biased / Math.sqrt(2));
      assertThat((double) found[i])
          .as("gelu(%s)", biased)
          .isCloseTo(gelu, within(Math.abs(gelu) * ROUNDING));
      different += DataType.BF16.toBits(found[i]) == DataType.BF16.toBits((float) gelu) ? 0 : 1;
    }
    assertThat(different).isLessThanOrEqualTo(1 + rows * columns / 20);
    for (int i = rows * columns; i < given.length; i++) {
      assertThat(found[i]).as("behind the last row").isEqualTo(given[i]);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "16, 3, 2, 17, 17",
    "32, 2, 1, 33, 20",
    "16, 1, 1, 64, 64",
    "48, 2, 1, 65, 65", // the class token and one full step
    "64, 2, 2, 130, 130",
    "64, 1, 2, 129, 1", // as in the last block
    "64, 1, 1, 2, 2",
    "64, 1, 1, 1, 1",
  })
  void attention(int head, int heads, int chips, int tokens, int wanted) {
    int inner = head * heads;
    DeviceBuffer qkv = narrow(chips * tokens * 3 * inner, 0.7);
    DeviceBuffer out = gpu.allocate("out", 2L * chips * tokens * inner);
    run(
        "kiln_attention_" + head,
        new LaunchShape((wanted + 63) / 64, heads, chips, 128, 5 * 64 * (head + 8) * 2),
        new KernelArguments().pointer(qkv).pointer(out).int32(tokens).int32(wanted).int32(heads));
    float[] given = narrowNumbers(qkv);
    float[] found = narrowNumbers(out);
    for (int chip = 0; chip < chips; chip++) {
      for (int h = 0; h < heads; h++) {
        for (int query = 0; query < wanted; query++) {
          double[] expected = attended(given, tokens, inner, chip, h * head, head, query);
          for (int d = 0; d < head; d++) {
            int at = (chip * tokens + query) * inner + h * head + d;
            assertThat((double) found[at]).isCloseTo(expected[d], within(0.02));
          }
        }
      }
    }
  }

  /** With products of warpgroups, as on sm_90. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 0.7", // only the class token
    "1, 1, 2, 0.7",
    "2, 2, 64, 0.7", // a step with one key too few
    "1, 2, 65, 0.7", // one whole step, half a block of queries
    "1, 1, 66, 0.7",
    "1, 1, 129, 0.7", // one whole block
    "2, 1, 130, 0.7", // a second block with one query
    "1, 1, 257, 3", // more steps than stages; weights from 0 to 1
    "1, 1, 388, 0.7",
  })
  void attentionOfWarpgroups(int heads, int chips, int tokens, double spread) {
    int head = 64;
    int inner = head * heads;
    DeviceBuffer qkv = narrow(chips * tokens * 3 * inner, spread / Math.sqrt(4));
    DeviceBuffer out = gpu.allocate("out", 2L * chips * tokens * inner);
    run(
        "kiln_attention_64_sm90",
        WarpgroupAttention.shape(tokens, heads, chips),
        new KernelArguments().pointer(qkv).pointer(out).int32(tokens).int32(heads));
    float[] given = narrowNumbers(qkv);
    float[] found = narrowNumbers(out);
    for (int chip = 0; chip < chips; chip++) {
      for (int h = 0; h < heads; h++) {
        for (int query = 0; query < tokens; query++) {
          double[] expected = attended(given, tokens, inner, chip, h * head, head, query);
          for (int d = 0; d < head; d++) {
            int at = (chip * tokens + query) * inner + h * head + d;
            assertThat((double) found[at])
                .as("chip %d, head %d, token %d, number %d", chip, h, query, d)
                .isCloseTo(expected[d], within(0.02 * spread));
          }
        }
      }
    }
  }

  /** Returns the values of one query's attention, in float64. */
  private static double[] attended(
      float[] qkv, int tokens, int inner, int chip, int from, int head, int query) {
    double[] share = new double[tokens];
    double total = 0;
    int row = 3 * inner;
    for (int key = 0; key < tokens; key++) {
      double score = 0;
      for (int d = 0; d < head; d++) {
        score +=
            qkv[(chip * tokens + query) * row + from + d]
                * qkv[(chip * tokens + key) * row + inner + from + d];
      }
      share[key] = Math.pow(2, score);
      total += share[key];
    }
    double[] sum = new double[head];
    for (int key = 0; key < tokens; key++) {
      for (int d = 0; d < head; d++) {
        sum[d] += share[key] / total * qkv[(chip * tokens + key) * row + 2 * inner + from + d];
      }
    }
    return sum;
  }

  private float[] narrowNumbers(DeviceBuffer memory) {
    ByteBuffer all = bytes(memory);
    float[] numbers = new float[all.capacity() / 2];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = wide(all.getShort(2 * i));
    }
    return numbers;
  }

  @ParameterizedTest
  @CsvSource({"1, 64", "9, 192", "17, 1024", "9, 1088", "3, 1280"}) // more than 1,024: read again
  void layerNorm(int rows, int dim) {
    int stride = dim + 64;
    DeviceBuffer x = wide(rows * stride);
    DeviceBuffer weight = wide(dim);
    DeviceBuffer bias = wide(dim);
    DeviceBuffer exact = gpu.allocate("out", 4L * rows * dim);
    DeviceBuffer rounded = gpu.allocate("out", 2L * rows * dim);
    for (DeviceBuffer out : List.of(exact, rounded)) {
      run(
          out == exact ? "kiln_norm_wide" : "kiln_norm",
          LaunchShape.of((rows + 7) / 8, 256),
          new KernelArguments()
              .pointer(x)
              .int64(stride)
              .pointer(weight)
              .pointer(bias)
              .pointer(out)
              .int32(rows)
              .int32(dim));
    }
    for (int row = 0; row < rows; row++) {
      double mean = 0;
      double squares = 0;
      for (int i = 0; i < dim; i++) {
        mean += (double) wideAt(x, row * stride + i) / dim;
      }
      for (int i = 0; i < dim; i++) {
        squares += Math.pow(wideAt(x, row * stride + i) - mean, 2) / dim;
      }
      for (int i = 0; i < dim; i++) {
        double normed = (wideAt(x, row * stride + i) - mean) / Math.sqrt(squares + 1e-5);
        double expected = normed * wideAt(weight, i) + wideAt(bias, i);
        assertThat((double) wideAt(exact, row * dim + i)).isCloseTo(expected, within(1e-4));
        assertThat((double) narrowAt(rounded, row * dim + i)).isCloseTo(expected, near(expected));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"64, 2", "1088, 1"}) // more than 1,024: read again
  void layerNormInPlace(int dim, int rows) {
    DeviceBuffer x = wide(rows * dim);
    DeviceBuffer weight = wide(dim);
    DeviceBuffer bias = wide(dim);
    DeviceBuffer apart = gpu.allocate("out", 4L * rows * dim);
    for (DeviceBuffer out : List.of(apart, x)) {
      run(
          "kiln_norm_wide",
          LaunchShape.of((rows + 7) / 8, 256),
          new KernelArguments()
              .pointer(x)
              .int64(dim)
              .pointer(weight)
              .pointer(bias)
              .pointer(out)
              .int32(rows)
              .int32(dim));
    }
    assertThat(bytes(x)).isEqualTo(bytes(apart));
  }

  /** The reference is the sum in doubles that encoders on the CPU use. */
  @ParameterizedTest
  @CsvSource({"4, 0, true, 64", "4, 4, false, 64", "6, 3, true, 320", "6, 1, false, 64"})
  void vectorsOfPatches(int side, int grid, boolean mean, int dim) {
    int chips = 2;
    int length = (1 + side * side) * dim;
    VectorLayout layout = new VectorLayout(dim, mean, grid);
    DeviceBuffer tokens = wide(chips * length);
    DeviceBuffer out = gpu.allocate("vectors", 4L * chips * layout.length());
    run(
        "kiln_vectors",
        new LaunchShape(layout.length() / dim, chips, (dim + 255) / 256, 256, 0),
        new KernelArguments()
            .pointer(tokens)
            .pointer(out)
            .int32(side)
            .int32(grid)
            .int32(mean ? 1 : 0)
            .int32(dim));
    FloatBuffer expected = FloatBuffer.allocate(chips * layout.length());
    for (int chip = 0; chip < chips; chip++) {
      layout.write(
          bytes(tokens).asFloatBuffer(), chip * length, side, expected, chip * layout.length());
    }
    float[] found = new float[expected.capacity()];
    bytes(out).asFloatBuffer().get(found);
    assertThat(found).containsExactly(expected.array(), within(1e-6f));
  }

  @Test
  void roundsWeightsToNearest() {
    assertThat((short) DataType.BF16.toBits(1.0f)).isEqualTo((short) 0x3F80);
    assertThat((short) DataType.BF16.toBits(Float.intBitsToFloat(0x3F808000)))
        .isEqualTo((short) 0x3F80);
    assertThat((short) DataType.BF16.toBits(Float.intBitsToFloat(0x3F818000)))
        .isEqualTo((short) 0x3F82);
    assertThat((short) DataType.BF16.toBits(Float.intBitsToFloat(0xBF80FFFF)))
        .isEqualTo((short) 0xBF81);
  }
}
