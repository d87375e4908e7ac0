package dev.kiln.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.nativelib.FloatInstructions;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every implementation gives the same bytes, close to sums in double precision. */
class NativeVectorsTest {
  private static final int ROWS = 7;

  private static float[] random(int count, int seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 15, 16, 17, 31, 63, 64, 65, 100, 128, 192, 768, 1000, 1024, 1025})
  void agreesWithSumsInDoublePrecision(int dim) {
    float[] vectors = random(ROWS * dim, 1);
    float[] query = random(dim, 2);
    float[] dots = new float[ROWS];
    float[] norms = new float[ROWS];
    NativeVectors.dots(vectors, ROWS, dim, query, dots);
    NativeVectors.norms(vectors, ROWS, dim, norms);

    for (int row = 0; row < ROWS; row++) {
      double dot = 0;
      double magnitude = 0;
      double squares = 0;
      for (int i = 0; i < dim; i++) {
        double v = vectors[row * dim + i];
        dot += v * query[i];
        magnitude += Math.abs(v * query[i]);
        squares += v * v;
      }
      // 16 or so roundings of 2^-24 each, relative to the sum of magnitudes.
      assertThat((double) dots[row]).isCloseTo(dot, within(magnitude * 2e-6));
      assertThat((double) norms[row]).isCloseTo(Math.sqrt(squares), within(norms[row] * 2e-6));
    }
  }

  @ParameterizedTest
  @EnumSource(FloatInstructions.class)
  void allInstructionsGiveTheSameBytes(FloatInstructions instructions) {
    assumeTrue(
        instructions.compareTo(FloatInstructions.fastest()) <= 0,
        "this CPU has no " + instructions);
    for (int dim : new int[] {1, 17, 64, 100, 1024, 1031}) {
      float[] vectors = random(ROWS * dim, 3);
      float[] query = random(dim, 4);
      float[] dots = new float[ROWS];
      float[] norms = new float[ROWS];
      float[] portableDots = new float[ROWS];
      float[] portableNorms = new float[ROWS];
      NativeVectors.compute(vectors, ROWS, dim, query, dots, norms, instructions);
      NativeVectors.compute(
          vectors, ROWS, dim, query, portableDots, null, FloatInstructions.PORTABLE);
      NativeVectors.compute(
          vectors, ROWS, dim, null, null, portableNorms, FloatInstructions.PORTABLE);

      assertThat(dots).containsExactly(portableDots);
      assertThat(norms).containsExactly(portableNorms);
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void aValueThatIsNotFiniteMakesTheNormSo(float value) {
    float[] vectors = random(3 * 100, 5);
    vectors[150] = value;
    float[] norms = new float[3];
    NativeVectors.norms(vectors, 3, 100, norms);

    assertThat(norms[0]).isFinite();
    assertThat(Float.isFinite(norms[1])).isFalse();
    assertThat(norms[2]).isFinite();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void refusesArraysThatAreTooShort(int length) {
    assertThatThrownBy(
            () -> NativeVectors.dots(new float[8], 2, 4, new float[length], new float[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "query: expected 4 values and an array of dot products, found " + length + " values");
    assertThatThrownBy(() -> NativeVectors.norms(new float[length], 1, 4, new float[1]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("vectors: expected at least 1 x 4 values, found " + length);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 31, 32, 33, 64, 100, 1024, 1030})
  void codedProductsAreNearTheProductsOfTheVectors(int dim) {
    float[] vectors = random(ROWS * dim, 6);
    float[] norms = new float[ROWS];
    NativeVectors.norms(vectors, ROWS, dim, norms);
    CodedVectors codes = CodedVectors.allocate(ROWS, dim);
    for (int i = 0; i < ROWS; i++) {
      for (int k = 0; k < dim; k++) {
        vectors[i * dim + k] /= norms[i];
      }
      codes.set(i, vectors, i * dim);
    }
    for (int i = 0; i < ROWS; i++) {
      for (int j = 0; j < ROWS; j++) {
        double dot = 0;
        double error = 0;
        for (int k = 0; k < dim; k++) {
          dot += (double) vectors[i * dim + k] * vectors[j * dim + k];
        }
        for (int row : new int[] {i, j}) {
          double largest = 0;
          for (int k = 0; k < dim; k++) {
            largest = Math.max(largest, Math.abs(vectors[row * dim + k]));
          }
          // Every value is off by at most half a step, and the other vector has length 1.
          error += largest / 127 / 2 * Math.sqrt(dim) * 1.1;
        }
        assertThat((double) codes.dot(i, codes, j)).isCloseTo(dot, within(error + 1e-6));
      }
    }
  }
}
