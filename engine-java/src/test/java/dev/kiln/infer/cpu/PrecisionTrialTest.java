package dev.kiln.infer.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.EncoderDevice;
import dev.kiln.infer.EncoderException;
import dev.kiln.infer.EncoderMemory;
import dev.kiln.infer.Patchify;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.type.DataType;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrecisionTrialTest {
  private static final Platform PLATFORM =
      new Platform("p", 10, List.of(new Band("a", 1, 100, 20), new Band("b", 1, 30, 5)));
  private static final int DIM = 16;

  private final List<String> events = new ArrayList<>();

  /** An encoder that returns sums of its input, with a given error in bfloat16. */
  private final class Noisy implements TrialEncoder, BatchSlot {
    private final DataType precision;
    private final float error;
    private final float[] embedding = new float[DIM];

    Noisy(DataType precision, float error) {
      this.precision = precision;
      this.error = error;
    }

    @Override
    public EncoderDescription description() {
      return new EncoderDescription("noisy", "test", precision, DIM, 16, 1);
    }

    @Override
    public EncoderDevice device() {
      return EncoderDevice.cpu("test");
    }

    @Override
    public EncoderMemory memory() {
      return EncoderMemory.NONE;
    }

    @Override
    public BatchSlot newSlot() {
      return newSlot(Blocks.ALL);
    }

    @Override
    public BatchSlot newSlot(Blocks blocks) {
      events.add("encode " + blocks);
      return this;
    }

    @Override
    public void close() {
      events.add("close " + precision);
    }

    @Override
    public int size() {
      return 0;
    }

    @Override
    public int capacity() {
      return 1;
    }

    @Override
    public int chipSize() {
      return 16;
    }

    @Override
    public void put(Strip strip, int column, int row, float[] time, float[] location) {
      Patchify rows = new Patchify(PLATFORM, chipSize());
      FloatBuffer values = FloatBuffer.allocate(rows.chipLength());
      rows.write(strip, column, row, values, 0);
      for (int i = 0; i < values.capacity(); i++) {
        embedding[i % DIM] += values.get(i);
      }
      float length = 0;
      for (float value : embedding) {
        length += value * value;
      }
      if (precision == DataType.BF16) {
        embedding[3] += error * (float) Math.sqrt(length);
      }
    }

    @Override
    public void start(float gsd) {
      assertThat(gsd).isEqualTo(10);
    }

    @Override
    public FloatBuffer await() throws EncoderException {
      if (error < 0) {
        throw new EncoderException("broken", null);
      }
      return FloatBuffer.wrap(embedding);
    }

    @Override
    public void clear() {}
  }

  private PrecisionTrial trial(float error) {
    return new PrecisionTrial(
        PLATFORM,
        new PrecisionTrial.Candidates() {
          @Override
          public TrialEncoder open(DataType type) {
            events.add("open " + type);
            return new Noisy(type, error);
          }

          @Override
          public TrialEncoder openEnds() {
            events.add("open ends in FP32");
            return new Noisy(DataType.FP32, error);
          }
        });
  }

  private DataType chosen(float error) {
    return trial(error).choose().description().precision();
  }

  @Test
  void selectsBf16WithinTheTolerance() {
    assertThat(chosen(9e-3f)).isEqualTo(DataType.BF16);
    assertThat(events)
        .containsExactly("open FP32", "encode ALL", "close FP32", "open BF16", "encode ALL");
  }

  @ParameterizedTest
  @ValueSource(floats = {1.1e-2f, 1, Float.NaN})
  void fallsBackToFp32BeyondTheTolerance(float error) {
    assertThat(chosen(error)).isEqualTo(DataType.FP32);
    assertThat(events)
        .containsSubsequence("open FP32", "close FP32", "open BF16", "close BF16", "open FP32");
  }

  @Test
  void closesEverythingIfTheTrialFails() {
    assertThatThrownBy(() -> chosen(-1))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("broken");
    assertThat(events).containsExactly("open FP32", "encode ALL", "close FP32");
  }

  /** Users who ask for bfloat16 accept its rounding, in a model that tolerates less than others. */
  @ParameterizedTest
  @ValueSource(floats = {0, 1.1e-2f, 4.9e-2f})
  void returnsTheRequiredBf16(float error) {
    assertThat(trial(error).requireBf16().description().precision()).isEqualTo(DataType.BF16);
    assertThat(events)
        .containsExactly(
            "open ends in FP32", "encode ALL", "close FP32", "open BF16", "encode ENDS");
  }

  @ParameterizedTest
  @ValueSource(floats = {5.1e-2f, 1.06f, Float.NaN})
  void refusesWrongBf16(float error) {
    assertThatThrownBy(() -> trial(error).requireBf16())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageMatching(
            "--precision bf16: vectors are wrong on this CPU \\(.*\\): expected a relative difference"
                + " from float32 of at most 0.050, found (0.051|1.1|NaN); use --precision fp32,"
                + " and report this with the output of kiln doctor");
    assertThat(events).endsWith("open BF16", "encode ENDS", "close BF16");
  }

  @Test
  void measuresDistanceAndAngle() {
    PrecisionTrial.Agreement same =
        PrecisionTrial.Agreement.of(new float[] {3, 4}, new float[] {3, 4});
    assertThat(same.distance()).isZero();
    assertThat(same.cosine()).isEqualTo(1);
    PrecisionTrial.Agreement turned =
        PrecisionTrial.Agreement.of(new float[] {-4, 3}, new float[] {3, 4});
    assertThat(turned.cosine()).isZero();
    assertThat(turned.isWithin(1)).isFalse();
    assertThat(same.isWithin(0)).isTrue();
  }
}
