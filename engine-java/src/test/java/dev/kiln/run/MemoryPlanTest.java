package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.model.Architecture;
import dev.kiln.platform.PlatformCatalog;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
  private static MemoryPlan plan(String model, String platform, int batch) {
    return MemoryPlan.of(
        PlatformCatalog.builtIn().get(platform),
        Architecture.named(model),
        model.equals("large") ? 1_250_000_000L : 8_000_000L,
        256,
        batch,
        new TestRun(Path.of("unused")).options(),
        1_000_000_000L);
  }

  @Test
  void clayFitsIntoFifteenGigabytesWithTheDefaults() {
    plan("large", "naip", 4).requireFits(15_000_000_000L);
    plan("large", "sentinel-2-l2a", 4).requireFits(15_000_000_000L);
  }

  @Test
  void growsWithTheBatch() {
    assertThat(plan("large", "naip", 8).bytes()).isGreaterThan(plan("large", "naip", 4).bytes());
  }

  @Test
  void refusesWhatCannotFitAndNamesTheFlags() {
    assertThatThrownBy(() -> plan("large", "naip", 128).requireFits(15_000_000_000L))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("15,000 MB available")
        .hasMessageContaining("activations (--batch)")
        .hasMessageContaining("--fetch-memory");
  }

  @Test
  void clayFitsOnADeviceOfSixteenGigabytes() {
    MemoryPlan plan =
        MemoryPlan.onDevice(
            PlatformCatalog.builtIn().get("sentinel-2-l2a"),
            Architecture.named("large"),
            256,
            64,
            new TestRun(Path.of("unused")).options());

    plan.requireFits(16_000_000_000L);
    assertThatThrownBy(() -> plan.requireFits(4_000_000_000L))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("device memory: ")
        .hasMessageContaining("activations (--batch)")
        .hasMessageContaining("strips (--slots)");
  }

  @Test
  void aRunOnADeviceHoldsNoModelInHostMemory() {
    RunOptions options = new TestRun(Path.of("unused")).options();
    MemoryPlan plan =
        MemoryPlan.besideDevice(PlatformCatalog.builtIn().get("naip"), options, 1_000_000_000L);

    assertThat(plan.bytes()).isLessThan(plan("large", "naip", 4).bytes());
    assertThat(plan.toString()).contains("strips").doesNotContain("model");
  }

  @Test
  void knowsWhatTheMachineHas() {
    assertThat(MemoryPlan.available()).isGreaterThan(100_000_000L);
  }
}
