package dev.kiln.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PrincipalComponentsTest {
  /** Orthonormal directions: rows of a Hadamard matrix of 8. */
  private static final double[][] DIRECTIONS = {
    {1, 1, 1, 1, 1, 1, 1, 1},
    {1, -1, 1, -1, 1, -1, 1, -1},
    {1, 1, -1, -1, 1, 1, -1, -1},
    {1, -1, -1, 1, 1, -1, -1, 1}
  };

  private static final double[] SCALES = {5, -3, 2, 0.25};

  /** All 16 combinations of signs: the directions are exactly the principal axes. */
  private static float[] vectors() {
    float[] vectors = new float[16 * 8];
    for (int i = 0; i < 16; i++) {
      for (int j = 0; j < 8; j++) {
        double value = 10 + j;
        for (int d = 0; d < 4; d++) {
          value += ((i >> d & 1) * 2 - 1) * SCALES[d] * DIRECTIONS[d][j] / Math.sqrt(8);
        }
        vectors[i * 8 + j] = (float) value;
      }
    }
    return vectors;
  }

  @Test
  void findsTheAxesInTheOrderOfTheirVariance() {
    PrincipalComponents components = PrincipalComponents.of(vectors(), 16, 8);

    for (int c = 0; c < PrincipalComponents.COUNT; c++) {
      assertThat(components.variance(c)).isCloseTo(SCALES[c] * SCALES[c], within(1e-4));
      for (int j = 0; j < 8; j++) {
        assertThat(components.axis(c)[j]).isCloseTo(DIRECTIONS[c][j] / Math.sqrt(8), within(1e-5));
      }
    }
  }

  @Test
  void projectsRelativeToTheMean() {
    PrincipalComponents components = PrincipalComponents.of(vectors(), 16, 8);
    double[] point = new double[3];

    assertThat(components.project(vectors(), 5 * 8, point)).isTrue();

    // 5 is binary 0101: plus, minus, plus.
    assertThat(point[0]).isCloseTo(5, within(1e-4));
    assertThat(point[1]).isCloseTo(3, within(1e-4));
    assertThat(point[2]).isCloseTo(2, within(1e-4));
  }

  @Test
  void theSameVectorsGiveTheSameBits() {
    PrincipalComponents one = PrincipalComponents.of(vectors(), 16, 8);
    PrincipalComponents other = PrincipalComponents.of(vectors(), 16, 8);

    for (int c = 0; c < PrincipalComponents.COUNT; c++) {
      assertThat(one.axis(c)).containsExactly(other.axis(c));
    }
  }

  @Test
  void reportsVectorsThatAreNotFinite() {
    PrincipalComponents components = PrincipalComponents.of(vectors(), 16, 8);
    float[] broken = vectors();
    broken[3] = Float.NaN;
    broken[8 + 7] = Float.POSITIVE_INFINITY;

    assertThat(components.project(broken, 0, new double[3])).isFalse();
    assertThat(components.project(broken, 8, new double[3])).isFalse();
    assertThat(components.project(broken, 16, new double[3])).isTrue();
  }

  @Test
  void vectorsWithFewDirectionsHaveComponentsWithoutVariance() {
    PrincipalComponents line = PrincipalComponents.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2);
    PrincipalComponents same = PrincipalComponents.of(new float[] {7, 7, 7, 7}, 2, 2);

    assertThat(line.variance(0)).isCloseTo(16 / 3.0, within(1e-5));
    assertThat(line.axis(0))
        .containsExactly(new double[] {Math.sqrt(0.5), Math.sqrt(0.5)}, within(1e-6));
    assertThat(line.variance(1)).isZero();
    assertThat(line.variance(2)).isZero();
    assertThat(same.variance(0)).isZero();
    assertThat(same.axis(0)).containsOnly(0);
  }

  @Test
  void aSampleIsUniformAndLeavesOutVectorsThatAreNotFinite() {
    VectorSample sample = new VectorSample(1000, 2);
    for (int i = 0; i < 50_000; i++) {
      sample.offer(new float[] {0, i, i % 5 == 0 ? Float.NaN : 1}, 1);
    }

    assertThat(sample.count()).isEqualTo(1000);
    double mean = 0;
    for (int i = 0; i < 1000; i++) {
      assertThat(sample.values()[2 * i] % 5).isNotZero();
      mean += sample.values()[2 * i] / 1000;
    }
    // The standard deviation of the mean is 456.
    assertThat(mean).isCloseTo(25_000, within(1500.0));
  }

  @Test
  void aSmallStreamIsKeptWhole() {
    VectorSample sample = new VectorSample(1000, 1);
    for (int i = 0; i < 600; i++) {
      sample.offer(new float[] {i}, 0);
    }

    assertThat(sample.count()).isEqualTo(600);
    for (int i = 0; i < 600; i++) {
      assertThat(sample.values()[i]).isEqualTo(i);
    }
  }

  @Test
  void coloursFollowTheComponents() {
    VectorSample sample = new VectorSample(100, 8);
    float[] vectors = vectors();
    for (int i = 0; i < 16; i++) {
      sample.offer(vectors, i * 8);
    }
    VectorColors colors = VectorColors.of(sample, 8);

    // 5 is binary 0101: high in the first component, low and high in the signs of the others,
    // whose second direction was scaled by a negative number.
    assertThat(colors.rgb(vectors, 5 * 8)).isEqualTo(0xf4f4f4);
    assertThat(colors.rgb(vectors, 2 * 8)).isEqualTo(0x181818);
    assertThat(colors.rgb(vectors, 1 * 8)).isEqualTo(0xf4f418);
    vectors[0] = Float.NaN;
    assertThat(colors.rgb(vectors, 0)).isEqualTo(VectorColors.NOT_FINITE);
  }
}
