package dev.kiln.infer.cpu;

import static dev.kiln.infer.cpu.OneDnn.Argument.dst;
import static dev.kiln.infer.cpu.OneDnn.Argument.scale;
import static dev.kiln.infer.cpu.OneDnn.Argument.shift;
import static dev.kiln.infer.cpu.OneDnn.Argument.src;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.infer.cpu.MatrixProducts.Shape;
import dev.kiln.infer.cpu.OneDnn.Operation;
import dev.kiln.infer.cpu.OneDnn.Step;
import dev.kiln.model.Architecture;
import dev.kiln.testing.Distance;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.numbers.gamma.Erf;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Compares each of oneDNN's operations in a forward pass with plain code in double precision. A
 * wrong embedding shows that some operation is wrong; these show which.
 */
@Timeout(60)
class OneDnnOperationsTest {
  /** Maximum relative L2 error: sums in another order, and GELU's and exp's approximations. */
  private static final double EXACT = 1e-5;

  /** Rounding to bfloat16 has an error of up to 2⁻⁸, which a single value can have. */
  private static final double ROUNDED = 4e-3;

  /** Shares are rounded too. */
  private static final double ROUNDED_TWICE = 2 * ROUNDED;

  private static final float EPSILON = 1e-5f;

  private static double tolerance(DataType type) {
    return type == DataType.FP32 ? EXACT : ROUNDED;
  }

  private static void assumeComputes(DataType type) {
    assumeTrue(
        type != DataType.BF16 || CpuInstructions.supportBf16(),
        "oneDNN has no bf16 for this CPU (" + CpuInstructions.name() + ")");
  }

  private static float[] read(Pointer memory, DataType type, long count) {
    ByteBuffer bytes = NoiseTensors.bytes(memory, type, count);
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          type == DataType.FP32
              ? bytes.getFloat()
              : Float.intBitsToFloat(bytes.getShort() << Short.SIZE);
    }
    return values;
  }

  /** Rounds to the nearest, ties to even. */
  private static float round(float value, DataType type) {
    if (type == DataType.FP32) {
      return value;
    }
    int bits = Float.floatToRawIntBits(value);
    return Float.intBitsToFloat((bits + 0x7FFF + (bits >>> 16 & 1)) & 0xFFFF0000);
  }

  private static void assertAgree(String what, float[] found, float[] expected, double tolerance) {
    assertThat(Distance.relative(found, expected, 0, expected.length))
        .as(what)
        .isBetween(0.0, tolerance);
  }

  /** One row, as in the last block, is computed by code of its own; so are tails. */
  @ParameterizedTest
  @EnumSource(names = {"FP32", "BF16"})
  void products(DataType type) {
    assumeComputes(type);
    int[][] sizes = {{64, 64}, {32, 9}, {33, 7}, {16, 1}, {160, 40}};
    for (long rows : new long[] {1, 2, 33}) {
      for (int[] size : sizes) {
        for (Epilogue epilogue : Epilogue.values()) {
          for (boolean bias : new boolean[] {false, true}) {
            outputs(type, epilogue)
                .map(output -> new Shape(rows, size[0], size[1], size[1] + 3L, output))
                .forEach(shape -> product(type, shape, bias, epilogue));
          }
        }
      }
    }
  }

  /** Sums are float32 in both types. */
  private static Stream<DataType> outputs(DataType type, Epilogue epilogue) {
    return epilogue == Epilogue.ACCUMULATE
        ? Stream.of(DataType.FP32)
        : Stream.of(DataType.FP32, type).distinct();
  }

  private static void product(DataType type, Shape shape, boolean bias, Epilogue epilogue) {
    try (OneDnn dnn = new OneDnn(1);
        NoiseTensors noise = new NoiseTensors(dnn, shape)) {
      long outputs = shape.rows() * shape.outStride();
      Pointer in = NoiseTensors.allocate(dnn, type, shape.rows() * shape.inner(), 1);
      Pointer out = NoiseTensors.allocate(dnn, shape.output(), outputs, 1);
      float[] expected = read(out, shape.output(), outputs);
      Step step =
          new OneDnnProducts(dnn, noise, type)
              .product("product", shape, bias, epilogue)
              .bind(NoiseTensors.WEIGHT, bias ? NoiseTensors.BIAS : null, in, out);
      dnn.allocateScratchpad();

      step.run();

      multiply(
          read(in, type, shape.rows() * shape.inner()),
          read(noise.plain(NoiseTensors.WEIGHT), DataType.FP32, shape.inner() * shape.columns()),
          bias
              ? read(noise.plain(NoiseTensors.BIAS), DataType.FP32, shape.columns())
              : new float[Math.toIntExact(shape.columns())],
          type,
          shape,
          epilogue,
          expected);
      assertAgree(
          "%s, %s, bias %s, %s".formatted(type, shape, bias, epilogue),
          read(out, shape.output(), outputs),
          expected,
          tolerance(shape.output()));
    }
  }

  /** Values between the columns and the stride stay as they are. */
  private static void multiply(
      float[] in,
      float[] weights,
      float[] bias,
      DataType type,
      Shape shape,
      Epilogue epilogue,
      float[] out) {
    int inner = Math.toIntExact(shape.inner());
    int columns = Math.toIntExact(shape.columns());
    for (int row = 0; row < shape.rows(); row++) {
      for (int column = 0; column < columns; column++) {
        double sum = bias[column];
        for (int k = 0; k < inner; k++) {
          sum += (double) in[row * inner + k] * round(weights[k * columns + column], type);
        }
        int at = Math.toIntExact(row * shape.outStride()) + column;
        out[at] =
            (float)
                switch (epilogue) {
                  case STORE -> sum;
                  case GELU -> 0.5 * sum * (1 + Erf.value(sum / Math.sqrt(2)));
                  case ACCUMULATE -> out[at] + sum;
                };
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "BF16"})
  void layerNorm(DataType type) {
    assumeComputes(type);
    for (int rows : new int[] {1, 5}) {
      for (int length : new int[] {64, 40, 1024}) {
        try (OneDnn dnn = new OneDnn(1)) {
          Pointer in = NoiseTensors.allocate(dnn, DataType.FP32, (long) rows * length, 0.1);
          Pointer factor = NoiseTensors.allocate(dnn, DataType.FP32, length, 2);
          Pointer out = dnn.allocate("out", (long) rows * length * type.bytes());
          dnnl_memory_desc from = dnn.dense(DataType.FP32, rows, length);
          dnnl_memory_desc to = dnn.dense(type, rows, length);
          dnnl_memory_desc vector = dnn.dense(DataType.FP32, length);
          Operation norm =
              dnn.operation(
                  dnn.layerNorm("norm", from, to, EPSILON),
                  src(dnn.view(from, in, 0)),
                  scale(dnn.view(vector, factor, 0)),
                  shift(dnn.view(vector, factor, 0)),
                  dst(dnn.view(to, out, 0)));
          dnn.allocateScratchpad();

          norm.run();

          assertAgree(
              "%s, %d rows of %d".formatted(type, rows, length),
              read(out, type, (long) rows * length),
              normalize(
                  read(in, DataType.FP32, (long) rows * length),
                  read(factor, DataType.FP32, length)),
              tolerance(type));
        }
      }
    }
  }

  /** Scales and shifts by the same vector. */
  private static float[] normalize(float[] in, float[] factor) {
    float[] out = new float[in.length];
    for (int from = 0; from < in.length; from += factor.length) {
      double mean = 0;
      double squares = 0;
      for (int i = 0; i < factor.length; i++) {
        mean += in[from + i] / (double) factor.length;
      }
      for (int i = 0; i < factor.length; i++) {
        squares += Math.pow(in[from + i] - mean, 2) / factor.length;
      }
      for (int i = 0; i < factor.length; i++) {
        double normal = (in[from + i] - mean) / Math.sqrt(squares + EPSILON);
        out[from + i] = (float) (normal * factor[i] + factor[i]);
      }
    }
    return out;
  }

  /** Scores, softmax and weighted sums, of all queries and of one. */
  @ParameterizedTest
  @EnumSource(names = {"FP32", "BF16"})
  void attention(DataType type) {
    assumeComputes(type);
    for (int head : new int[] {16, 32, 64}) {
      for (int tokens : new int[] {1, 17, 70}) {
        Architecture model = new Architecture("custom", 64, 2, 3, head, 128);
        attend(type, model, tokens, true);
        attend(type, model, tokens, false);
      }
    }
  }

  private static void attend(DataType type, Architecture model, int tokens, boolean all) {
    try (OneDnn dnn = new OneDnn(1)) {
      int inner = model.inner();
      int queries = all ? tokens : 1;
      // Keys and values of all tokens, then the one query; or the three of each token.
      int stride = (all ? 3 : 2) * inner;
      int count = tokens * stride + (all ? 0 : inner);
      Pointer rows = NoiseTensors.allocate(dnn, type, count, 0.7);
      Pointer out = dnn.allocate("out", (long) queries * inner * type.bytes());
      OneDnnAttention attention = new OneDnnAttention(dnn, model, type, tokens, Optional.empty());
      List<? extends Step> steps =
          all
              ? attention.ofAll(rows, out)
              : attention.ofOne(rows, (long) tokens * stride * type.bytes(), out);
      dnn.allocateScratchpad();

      steps.forEach(Step::run);

      float[] values = read(rows, type, count);
      float[] expected = new float[queries * inner];
      for (int query = 0; query < queries; query++) {
        int queryAt = all ? query * stride : tokens * stride;
        for (int first = 0; first < inner; first += model.dimHead()) {
          attendOne(
              values,
              queryAt + first,
              (all ? inner : 0) + first,
              stride,
              inner,
              tokens,
              model.dimHead(),
              expected,
              query * inner + first);
        }
      }
      assertAgree(
          "%s, %d queries of %d tokens, heads of %d"
              .formatted(type, queries, tokens, model.dimHead()),
          read(out, type, (long) queries * inner),
          expected,
          type == DataType.FP32 ? EXACT : ROUNDED_TWICE);
    }
  }

  private static void attendOne(
      float[] values,
      int query,
      int key,
      int stride,
      int keyToValue,
      int tokens,
      int head,
      float[] out,
      int at) {
    double total = 0;
    double[] sums = new double[head];
    for (int token = 0; token < tokens; token++) {
      int from = key + token * stride;
      double score = 0;
      for (int i = 0; i < head; i++) {
        score += (double) values[query + i] * values[from + i];
      }
      double share = Math.exp(score);
      total += share;
      for (int i = 0; i < head; i++) {
        sums[i] += share * values[from + keyToValue + i];
      }
    }
    for (int i = 0; i < head; i++) {
      out[at + i] = (float) (sums[i] / total);
    }
  }
}
