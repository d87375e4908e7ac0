package dev.kiln.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PositionEncodingTest {
  private static final float[] OMEGA = {1, 0.5f, 0.01f};
  private static final int SIDE = 4;
  private static final int DIM = 20;

  @ParameterizedTest
  @ValueSource(floats = {0.6f, 10})
  void consistsOfSinesAndCosinesOfColumnThenRow(float metres) {
    FloatBuffer out = FloatBuffer.allocate(SIDE * SIDE * DIM);
    new PositionEncoding(OMEGA, SIDE, DIM).write(metres, out);
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        for (int k = 0; k < OMEGA.length; k++) {
          double w = OMEGA[k] * (double) metres;
          double[] parts = {Math.sin(x * w), Math.cos(x * w), Math.sin(y * w), Math.cos(y * w)};
          for (int part = 0; part < parts.length; part++) {
            float found = out.get((y * SIDE + x) * DIM + part * OMEGA.length + k);
            assertThat((double) found).isCloseTo(parts[part], within(1e-5));
          }
        }
      }
    }
  }

  @Test
  void doesNotWriteTimeAndLocation() {
    FloatBuffer out = FloatBuffer.allocate(SIDE * SIDE * DIM);
    for (int i = 0; i < out.capacity(); i++) {
      out.put(i, -9);
    }
    new PositionEncoding(OMEGA, SIDE, DIM).write(1, out);
    for (int patch = 0; patch < SIDE * SIDE; patch++) {
      for (int i = 4 * OMEGA.length; i < DIM; i++) {
        assertThat(out.get(patch * DIM + i)).isEqualTo(-9);
      }
    }
  }
}
