package dev.kiln.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.sink.SampleTables;
import dev.kiln.sink.Vectors;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class VectorStatisticsTest {
  private static VectorStatistics of(Vectors... batches) {
    VectorStatistics.Accumulator accumulator = new VectorStatistics.Accumulator();
    Arrays.stream(batches).forEach(accumulator::add);
    return accumulator.statistics();
  }

  @Test
  void normsMeanAndDeviationOfKnownVectors() {
    VectorStatistics s = of(new Vectors(2, new float[] {3, 4, 0, 0, -6, 8}));

    assertThat(s.count()).isEqualTo(3);
    assertThat(s.dim()).isEqualTo(2);
    assertThat(s.minNorm()).isZero();
    assertThat(s.meanNorm()).isEqualTo(5);
    assertThat(s.maxNorm()).isEqualTo(10);
    assertThat(s.mean()).isEqualTo(1.5);
    assertThat(s.deviation()).isEqualTo(Math.sqrt(125 / 6.0 - 1.5 * 1.5), within(1e-12));
    assertThat(s.cosines().get(0).get(2)).isEqualTo(0.28, within(1e-12));
    assertThat(s.cosines().get(2).get(2)).isEqualTo(1);
  }

  @Test
  void batchesAddUpToTheWhole() {
    float[] all = SampleTables.table(30, 17).embeddings();

    VectorStatistics whole = of(new Vectors(17, all));
    VectorStatistics parts =
        of(
            new Vectors(17, Arrays.copyOf(all, 4 * 17)),
            new Vectors(0, new float[0]),
            new Vectors(17, Arrays.copyOfRange(all, 4 * 17, 30 * 17)));

    assertThat(parts).isEqualTo(whole);
    assertThat(whole.cosines()).hasSize(VectorStatistics.COMPARED);
  }

  @Test
  void aSmallSpreadOnALargeMeanIsNotLost() {
    VectorStatistics s = of(new Vectors(2, new float[] {4096.5f, 4095.5f, 4096.5f, 4095.5f}));

    assertThat(s.mean()).isEqualTo(4096);
    assertThat(s.deviation()).isEqualTo(0.5, within(1e-6));
  }

  @Test
  void vectorsThatAreNotFiniteAreCountedAndLeftOutOfTheRest() {
    VectorStatistics s =
        of(new Vectors(2, new float[] {Float.NaN, 1, 3, 4, Float.NEGATIVE_INFINITY, Float.NaN}));

    assertThat(s.count()).isEqualTo(3);
    assertThat(s.finite()).isEqualTo(1);
    assertThat(s.nan()).isEqualTo(2);
    assertThat(s.infinite()).isEqualTo(1);
    assertThat(s.maxNorm()).isEqualTo(5);
    assertThat(s.mean()).isEqualTo(3.5);
  }

  @Test
  void noVectorsHaveNoNorm() {
    VectorStatistics s = of();

    assertThat(s.count()).isZero();
    assertThat(s.minNorm()).isNaN();
    assertThat(s.deviation()).isNaN();
    assertThat(s.cosines()).isEmpty();
  }

  @Test
  void batchesOfDifferentLengthAreRefused() {
    assertThatThrownBy(() -> of(new Vectors(1, new float[1]), new Vectors(2, new float[2])))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("expected vectors of 1 values, found 2");
  }
}
