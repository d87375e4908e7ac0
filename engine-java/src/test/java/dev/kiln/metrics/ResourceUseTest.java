package dev.kiln.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResourceUseTest {
  @TempDir Path directory;

  private void zone(String name, long energy) throws IOException {
    Path zone = Files.createDirectories(directory.resolve(name));
    Files.writeString(zone.resolve("energy_uj"), energy + "\n");
    Files.writeString(zone.resolve("max_energy_range_uj"), "1000000000\n");
  }

  @Test
  void energyIsSummedOverPackagesAndSurvivesCountersThatWrapAround() throws IOException {
    zone("intel-rapl:0", 5_000_000);
    zone("intel-rapl:0:0", 7);
    zone("intel-rapl:1", 999_000_000);
    EnergyMeter meter = new EnergyMeter(directory);
    assertThat(meter.joules()).hasValue(0);

    zone("intel-rapl:0", 8_000_000);
    zone("intel-rapl:0:0", 900_000_000);
    zone("intel-rapl:1", 1_000_000);

    assertThat(meter.joules()).hasValue(3.0 + 2.0);
  }

  @Test
  void withoutReadableCountersThereIsNoEnergy() throws IOException {
    assertThat(new EnergyMeter(directory.resolve("absent")).joules()).isEmpty();
    zone("intel-rapl:0", 5);
    EnergyMeter meter = new EnergyMeter(directory);
    Files.writeString(directory.resolve("intel-rapl:0/energy_uj"), "?");
    assertThat(meter.joules()).isEmpty();
  }

  @Test
  void peakMemoryIsTheHighWaterMarkOfTheResidentSet() throws IOException {
    Path status =
        Files.writeString(
            directory.resolve("status"), "VmPeak:\t 99 kB\nVmHWM:\t  1234 kB\nVmRSS: 7\n");

    assertThat(ResourceUse.peakMemory(status)).hasValue(1234 * 1024L);
    assertThat(ResourceUse.peakMemory(directory.resolve("absent"))).isEmpty();
  }

  @Test
  void aRunHasCpuTimeAndTheEnergyOfItsDevice() {
    ResourceUse used =
        ResourceUse.now(
            new CpuQuota(directory.resolve("absent"), directory),
            new EnergyMeter(directory),
            OptionalDouble.of(1000),
            OptionalDouble.of(1234.5));
    assertThat(used.deviceJoules()).hasValue(234.5);
    assertThat(used.cpuSeconds()).isPositive();
    assertThat(used.joules()).isEmpty();
    assertThat(used.throttledSeconds()).isEmpty();
  }
}
