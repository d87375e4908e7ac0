package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.archive.SceneArchive;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.EncoderDevice;
import dev.kiln.infer.EncoderMemory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.type.DataType;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
  private static final RunOptions OPTIONS = new TestRun(Path.of("unused")).options();
  private static final long HEAP = 1_000_000_000L;

  /** An encoder that only reports its memory. */
  private record Reported(OptionalLong deviceMemory, EncoderMemory memory) implements Encoder {
    @Override
    public EncoderDescription description() {
      return new EncoderDescription("reported", "test", DataType.FP32, 1, 256, 4);
    }

    @Override
    public EncoderDevice device() {
      return new EncoderDevice() {
        @Override
        public String name() {
          return "test";
        }

        @Override
        public OptionalLong memory() {
          return deviceMemory;
        }

        @Override
        public OptionalDouble joules() {
          return OptionalDouble.empty();
        }
      };
    }

    @Override
    public BatchSlot newSlot() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  private static Encoder cpu(long weights, long activations, long slot) {
    return new Reported(OptionalLong.empty(), new EncoderMemory(0, weights, activations, slot));
  }

  private static Encoder gpu(long weights, long activations, long slot) {
    return new Reported(
        OptionalLong.of(16_000_000_000L),
        new EncoderMemory(1_500_000_000L, weights, activations, slot));
  }

  private static long strip(String platform) {
    return SceneArchive.maxStripBytes(PlatformCatalog.builtIn().get(platform));
  }

  private static MemoryPlan host(Encoder encoder, String platform) {
    return MemoryPlan.ofHost(encoder, strip(platform), OPTIONS, HEAP);
  }

  @Test
  void addsWhatTheEncoderReportsOnce() {
    long without = host(cpu(0, 0, 0), "naip").bytes();
    long with = host(cpu(1_250_000_000L, 60_000_000L, 4_000_000L), "naip").bytes();

    assertThat(with - without)
        .isEqualTo(1_250_000_000L + 60_000_000L + OPTIONS.slots() * 4_000_000L);
  }

  @Test
  void clayLargeFitsIntoEightGigabytesWithTheDefaults() {
    Encoder large = cpu(1_250_000_000L, 60_000_000L, 4_300_000L);
    host(large, "naip").requireFits(8_000_000_000L);
    host(large, "sentinel-2-l2a").requireFits(8_000_000_000L);
  }

  @Test
  void rejectsRunsThatDoNotFitAndNamesTheOptions() {
    MemoryPlan plan = host(cpu(1_250_000_000L, 20_000_000_000L, 500_000_000L), "naip");

    assertThatThrownBy(() -> plan.requireFits(15_000_000_000L))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("memory: expected at most 15,000 MB, found a need of ")
        .hasMessageContaining("activations (--batch)")
        .hasMessageContaining("--fetch-memory");
  }

  @Test
  void anEncoderOnADeviceAddsItsVectorsToHostMemory() {
    Encoder encoder = gpu(622_000_000L, 2_000_000_000L, 270_000_000L);
    long vectors = OPTIONS.slots() * 4L * Float.BYTES;

    assertThat(host(encoder, "naip").bytes())
        .isEqualTo(host(cpu(0, 0, 0), "naip").bytes() + vectors);
    assertThat(host(encoder, "naip").toString()).contains("strips").doesNotContain("model");
  }

  @Test
  void plansTheMemoryOfADevice() {
    Encoder encoder = gpu(622_000_000L, 2_000_000_000L, 270_000_000L);
    MemoryPlan plan = MemoryPlan.ofDevice(encoder, strip("sentinel-2-l2a"), OPTIONS).orElseThrow();

    assertThat(plan.bytes())
        .isEqualTo(
            encoder.memory().total(OPTIONS.slots())
                + (OPTIONS.slots() + 2) * strip("sentinel-2-l2a"));
    plan.requireFits(16_000_000_000L);
    assertThatThrownBy(() -> plan.requireFits(4_000_000_000L))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("device memory: ")
        .hasMessageContaining("activations (--batch)")
        .hasMessageContaining("strips (--slots)");
    assertThat(MemoryPlan.ofDevice(cpu(1, 1, 1), 1, OPTIONS)).isEmpty();
  }

  @Test
  void readsTheMemoryOfTheMachine() {
    assertThat(MemoryPlan.available()).isGreaterThan(100_000_000L);
  }
}
