package dev.kiln.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDevice;
import dev.kiln.run.TestRun;
import dev.kiln.testing.FakeEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResourceUseTest {
  @TempDir Path folder;

  private void zone(String name, long energy) throws IOException {
    Path zone = Files.createDirectories(folder.resolve(name));
    Files.writeString(zone.resolve("energy_uj"), energy + "\n");
    Files.writeString(zone.resolve("max_energy_range_uj"), "1000000000\n");
  }

  @Test
  void energyIsThatOfAllPackagesAndGoesOnWhereACounterBeginsAgain() throws IOException {
    zone("intel-rapl:0", 5_000_000);
    zone("intel-rapl:0:0", 7);
    zone("intel-rapl:1", 999_000_000);
    EnergyMeter meter = new EnergyMeter(folder);
    assertThat(meter.joules()).isZero();

    zone("intel-rapl:0", 8_000_000);
    zone("intel-rapl:0:0", 900_000_000);
    zone("intel-rapl:1", 1_000_000);

    assertThat(meter.joules()).isEqualTo(3.0 + 2.0);
  }

  @Test
  void withoutMetersThereIsNoEnergy() throws IOException {
    assertThat(new EnergyMeter(folder.resolve("absent")).joules()).isNull();
    zone("intel-rapl:0", 5);
    EnergyMeter meter = new EnergyMeter(folder);
    Files.writeString(folder.resolve("intel-rapl:0/energy_uj"), "?");
    assertThat(meter.joules()).isNull();
  }

  @Test
  void peakMemoryIsTheHighWaterMark() throws IOException {
    Path status =
        Files.writeString(
            folder.resolve("status"), "VmPeak:\t 99 kB\nVmHWM:\t  1234 kB\nVmRSS: 7\n");

    assertThat(ResourceUse.peakMemory(status)).isEqualTo(1234 * 1024L);
    assertThat(ResourceUse.peakMemory(folder.resolve("absent"))).isNull();
  }

  @Test
  void energyOfTheDeviceIsWhatItUsedSinceTheBeginning() {
    EnergyMeter none = new EnergyMeter(folder);
    Encoder metered =
        new FakeEncoder(TestRun.NAIP, 256, 4) {
          @Override
          public EncoderDevice device() {
            return new EncoderDevice() {
              @Override
              public String name() {
                return "test";
              }

              @Override
              public OptionalLong memory() {
                return OptionalLong.empty();
              }

              @Override
              public OptionalDouble joules() {
                return OptionalDouble.of(1234.5);
              }
            };
          }
        };

    ResourceUse used = ResourceUse.until(none, metered, OptionalDouble.of(1000));

    assertThat(used.deviceJoules()).isEqualTo(234.5);
    assertThat(used.cpuSeconds()).isPositive();
    assertThat(ResourceUse.until(none, metered, OptionalDouble.empty()).deviceJoules()).isNull();
  }
}
