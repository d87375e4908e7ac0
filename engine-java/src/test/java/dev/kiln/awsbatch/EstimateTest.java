package dev.kiln.awsbatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.archive.SceneList;
import dev.kiln.error.ConfigurationException;
import dev.kiln.raster.ChipLayout;
import dev.kiln.raster.EdgeRule;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EstimateTest {
  private static final PriceTable PRICES = PriceTable.builtIn();

  private static final String NAIP =
      "nd/2018/60cm/rgbir_cog/47099/m_4709963_se_14_060_20180716.tif\n";
  private static final String S2 =
      "sentinel-s2-l2a-cogs/20/H/NJ/2024/3/S2A_20HNJ_20240311_0_L2A/S2A_20HNJ_20240311_0_L2A.json\n";

  private static final ChipLayout LAYOUT = ChipLayout.sideBySide(256);

  @TempDir Path directory;

  private static SceneList.Source list(String text) {
    return () -> new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Workload work(String text) throws IOException {
    return Workload.of("--scenes x", list(text), LAYOUT, OptionalDouble.empty(), 1);
  }

  @ParameterizedTest
  @CsvSource({"60cm, 1813", "100cm, 638", "50cm, 2655", "30cm, 7350"})
  void chipsOfANaipSceneFollowFromItsResolution(String resolution, int chips) throws IOException {
    Workload work = work(NAIP.replace("60cm", resolution));
    assertThat(work.chips()).isEqualTo(chips);
  }

  @Test
  void sentinel2SceneHas42By42Chips() throws IOException {
    Workload work = work(S2 + S2.replace("20240311", "20240316").replace("/3/", "/3/"));
    assertThat(work.scenes()).isEqualTo(2);
    assertThat(work.chips()).isEqualTo(2 * 42 * 42);
    assertThat(work.bytesRead()).isBetween(1.6e9, 1.8e9);
    Workload half = Workload.of("x", list(S2), LAYOUT, OptionalDouble.empty(), 0.5);
    assertThat(half.chips()).isEqualTo(882);
  }

  @ParameterizedTest
  @CsvSource({"128, DROP, 7178, 7056", "256, PAD, 1900, 1849", "512, DROP, 475, 441"})
  void overlapsAndEdgesChangeTheNumberOfChips(int stride, EdgeRule edge, int naip, int sentinel2)
      throws IOException {
    ChipLayout layout = new ChipLayout(256, stride, edge);
    assertThat(Workload.of("x", list(NAIP), layout, OptionalDouble.empty(), 1).chips())
        .isEqualTo(naip);
    assertThat(Workload.of("x", list(S2), layout, OptionalDouble.empty(), 1).chips())
        .isEqualTo(sentinel2);
  }

  private static EstimatePlanner.Terms terms(int maxVcpus, double minutes) {
    return new EstimatePlanner.Terms(
        maxVcpus, 90, minutes, OptionalDouble.empty(), OptionalInt.empty());
  }

  private static List<Estimate> plans(
      Workload work, String type, double rate, EstimatePlanner.Terms terms) {
    return new EstimatePlanner(work, PRICES, terms).plans(type, rate);
  }

  @Test
  void cheapestPlanHasTheLongestChildrenAndTheFastestFillsEverySlot() throws IOException {
    // 10,000 scenes of 1,813 chips at 500 chips/s are 3.626 s each: 30 minutes less 90 s of start
    // are 471 scenes, rounded down to 470.
    Workload work = work(NAIP.repeat(10_000));
    List<Estimate> plans = plans(work, "g6e.xlarge", 500, terms(1024, 30));
    Estimate cheapest = plans.get(0);
    assertThat(cheapest.plan()).isEqualTo(Estimate.Plan.CHEAPEST);
    assertThat(cheapest.children().itemsPerJob()).isEqualTo(470);
    assertThat(cheapest.children().count()).isEqualTo(22);
    assertThat(cheapest.children().minutes()).isCloseTo((470 * 3.626 + 90) / 60, within(1e-9));
    assertThat(cheapest.instanceHours()).isCloseTo((10_000 * 3.626 + 22 * 90) / 3600, within(1e-9));
    assertThat(cheapest.cost().onDemand())
        .isCloseTo(cheapest.instanceHours() * 1.861, within(1e-9));
    assertThat(cheapest.hours()).isCloseTo((470 * 3.626 + 90) / 3600, within(1e-9));

    // 1,024 vCPUs are 256 instances: 40 scenes each.
    Estimate fastest = plans.get(1);
    assertThat(fastest.plan()).isEqualTo(Estimate.Plan.FASTEST);
    assertThat(fastest.children())
        .isEqualTo(new Estimate.Children(40, 250, 1, 250, (40 * 3.626 + 90) / 60));
    assertThat(fastest.hours()).isLessThan(cheapest.hours() / 7);
    assertThat(fastest.cost().spot()).isGreaterThan(cheapest.cost().spot() * 1.5);
  }

  @ParameterizedTest
  @CsvSource({"15, 220, 46", "60, 960, 11", "600, 9900, 2", "6000, 10000, 1"})
  void longestChildBoundsTheCheapestPlan(double minutes, int items, int children)
      throws IOException {
    Workload work = work(NAIP.repeat(10_000));
    Estimate cheapest = plans(work, "g6e.xlarge", 500, terms(1024, minutes)).get(0);
    assertThat(cheapest.children().itemsPerJob()).isEqualTo(items);
    assertThat(cheapest.children().count()).isEqualTo(children);
    assertThat(cheapest.children().minutes()).isLessThanOrEqualTo(minutes);
  }

  @Test
  void deadlineCostsAsLittleAsPossible() throws IOException {
    Workload work = work(NAIP.repeat(10_000));
    double previousCost = 0;
    for (double hours : new double[] {24, 8, 2, 1, 0.5, 0.25, 0.1}) {
      EstimatePlanner.Terms terms =
          new EstimatePlanner.Terms(64, 90, 600, OptionalDouble.of(hours), OptionalInt.empty());
      List<Estimate> plans = plans(work, "g6e.xlarge", 500, terms);
      Estimate best = plans.get(0);
      // No split at all is cheaper within the deadline.
      double least = Double.POSITIVE_INFINITY;
      for (int items = 1; items <= 10_000; items++) {
        Estimate any =
            plans(
                    work,
                    "g6e.xlarge",
                    500,
                    new EstimatePlanner.Terms(
                        64, 90, 600, OptionalDouble.of(hours), OptionalInt.of(items)))
                .get(0);
        if (any.meetsDeadline() && any.children().minutes() <= 600) {
          least = Math.min(least, any.instanceHours());
        }
      }
      assertThat(best.meetsDeadline()).as("%s hours", hours).isEqualTo(least < 1e9);
      if (best.meetsDeadline()) {
        assertThat(best.instanceHours()).as("%s hours", hours).isLessThanOrEqualTo(least * 1.01);
        assertThat(best.instanceHours()).isGreaterThanOrEqualTo(previousCost * 0.99);
        previousCost = best.instanceHours();
      }
    }
    assertThat(previousCost).isPositive();
  }

  /** As for 10,000 small scenes, where starts of children were most of the cost. */
  @Test
  void startsOfChildrenAreNotMostOfTheCost() throws IOException {
    Workload work = Workload.of("x", list("a\n".repeat(10_000)), LAYOUT, OptionalDouble.of(10), 1);
    Estimate cheapest = plans(work, "g6e.xlarge", 500, terms(1024, 60)).get(0);
    double starts = cheapest.children().count() * 90 / 3600.0;
    assertThat(starts).isLessThan(0.5 * cheapest.instanceHours());
  }

  @Test
  void instanceIsBilledWhole() throws IOException {
    Workload work = work(NAIP.repeat(1000));
    EstimatePlanner.Terms terms =
        new EstimatePlanner.Terms(384, 0, 60, OptionalDouble.empty(), OptionalInt.of(100));
    Estimate e = plans(work, "p5.48xlarge", 1000, terms).get(0);
    // 10 children on instances of 8 GPUs take two instances.
    assertThat(e.children().concurrent()).isEqualTo(10);
    assertThat(e.instanceHours()).isCloseTo(2 * 100 * 1.813 / 3600, within(1e-12));
    assertThat(e.cost().onDemand()).isCloseTo(e.instanceHours() * 55.04, within(1e-9));
  }

  @Test
  void cpuInstanceRunsOneChild() throws IOException {
    Workload work = work(NAIP.repeat(100));
    Estimate e = plans(work, "c7i.4xlarge", 10, terms(64, 600)).get(0);
    assertThat(PRICES.instance("c7i.4xlarge").children()).isEqualTo(1);
    assertThat(e.children().concurrent()).isLessThanOrEqualTo(4);
    assertThat(e.cost().spot()).isCloseTo(e.instanceHours() * 0.357, within(1e-9));
  }

  @Test
  void scenesOfUnknownSizeNeedANumber() throws IOException {
    assertThatThrownBy(() -> work("landsat/a.json\n"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("unknown size of scene landsat/a.json: give --chips-per-scene");
    assertThat(
            Workload.of("x", list("l/a.json\nl/b.json\n"), LAYOUT, OptionalDouble.of(50), 1)
                .chips())
        .isEqualTo(100);
    assertThatThrownBy(() -> work("# nothing\n")).hasMessageContaining("the scene list is empty");
  }

  private static MeasuredRun measured(String name, String encoder, String device, int scenes)
      throws IOException {
    String report =
        """
        {"encoder": {"name": "%s", "device": "%s"},
         "run": {"seconds": 8, "counts":
           {"embedded": %d, "chips": 4000, "bytesFetched": 800, "bytesWritten": 40}},
         "sourceTraffic": {"requests": 80}}
        """
            .formatted(encoder, device, scenes);
    return MeasuredRun.read(
        name, () -> new ByteArrayInputStream(report.getBytes(StandardCharsets.UTF_8)));
  }

  private static double rate(Rates rates, String type) {
    return rates.of(type, PRICES.instance(type));
  }

  @Test
  void measuredRunGivesRateAndSizes() throws IOException {
    MeasuredRun run = measured("run.json", "tensorrt", "NVIDIA L40S", 4);
    Workload work = Workload.like(run, "x", list("a\nb\nc\n"));
    assertThat(work).isEqualTo(new Workload(3, 3000, 60, 600, 30, "like 4 scenes of run.json"));
    Rates rates = Rates.of(Optional.empty(), List.of(run));
    assertThat(rate(rates, "g6e.xlarge")).isEqualTo(500);
    assertThat(rates.origin()).isEqualTo("measured by run.json with tensorrt on NVIDIA L40S");
    assertThatThrownBy(() -> measured("r", "cuda", "NVIDIA L40S", 0))
        .hasMessageContaining("--report r: the run embedded no scene");
    assertThatThrownBy(
            () ->
                MeasuredRun.read(
                    "r", () -> new ByteArrayInputStream("x".getBytes(StandardCharsets.UTF_8))))
        .hasMessageContaining("--report r: expected a JSON report");
  }

  @Test
  void measuredRateHoldsForItsKindOfEncoderOnly() throws IOException {
    MeasuredRun gpu = measured("gpu.json", "tensorrt", "NVIDIA L4", 4);
    MeasuredRun cpu = measured("cpu.json", "onednn", "AMD EPYC, 16 cores", 4);
    Rates both = Rates.of(Optional.empty(), List.of(gpu, cpu));
    assertThat(both.known(PRICES))
        .containsExactly(
            "c7a.4xlarge", "c7a.8xlarge", "c7i.4xlarge", "c7i.8xlarge", "g6.2xlarge", "g6.xlarge");
    // An L40S is not an L4.
    assertThatThrownBy(() -> rate(both, "g6e.xlarge"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("unknown rate of g6e.xlarge (L40S), the reports were measured on")
        .hasMessageContaining("NVIDIA L4, AMD EPYC");
    assertThatThrownBy(() -> rate(Rates.of(Optional.empty(), List.of(gpu)), "c7i.4xlarge"))
        .hasMessageContaining("unknown rate of c7i.4xlarge (CPU)");
    assertThat(MeasuredRun.sum("dir", List.of(gpu, gpu)))
        .extracting(MeasuredRun::scenes, MeasuredRun::chipsPerSecond)
        .containsExactly(8L, 500.0);
    assertThatThrownBy(() -> MeasuredRun.sum("dir", List.of(gpu, cpu)))
        .hasMessageContaining("--report dir: expected one encoder and device, found tensorrt on");
  }

  @Test
  void ratesAreNeverGuessed() {
    assertThatThrownBy(() -> Rates.of(Optional.empty(), List.of()))
        .hasMessageContaining("unknown rate");
    Rates rates = Rates.of(Optional.of("g5.xlarge=100,L40S=400,cpu=3"), List.of());
    assertThat(rate(rates, "g5.xlarge")).isEqualTo(100);
    assertThat(rate(rates, "g6e.4xlarge")).isEqualTo(400);
    assertThat(rate(rates, "c7a.8xlarge")).isEqualTo(3);
    assertThatThrownBy(() -> rate(rates, "p5.4xlarge"))
        .hasMessageContaining("add --chips-per-second p5.4xlarge=…");
    assertThat(rate(Rates.of(Optional.of("7"), List.of()), "p5.4xlarge")).isEqualTo(7);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "x", "g5.xlarge=", "NaN"})
  void badRatesAreRejected(String text) {
    assertThatThrownBy(() -> Rates.of(Optional.of(text), List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--chips-per-second ");
  }

  @Test
  void entriesOfTheUserReplaceBuiltInOnes() throws IOException {
    assertThat(PRICES.origin()).contains("assumed, not looked up").startsWith("20");
    Path own = directory.resolve("prices.yaml");
    Files.writeString(
        own,
        """
        date: 2027-01-01
        source: our contract
        instances:
          g6e.xlarge: { gpu: L40S, gpus: 1, vcpus: 4, memory: 32, on-demand: 1.5, spot: 0.6 }
          my.machine: { gpu: X, gpus: 2, vcpus: 8, memory: 64, on-demand: 3, spot: 1 }
        """);
    PriceTable table = PriceTable.read(own);
    assertThat(table.instance("g6e.xlarge").onDemand()).isEqualTo(1.5);
    assertThat(table.instance("my.machine").gpus()).isEqualTo(2);
    assertThat(table.instance("g5.xlarge")).isEqualTo(PRICES.instance("g5.xlarge"));
    assertThat(table.storage()).isEqualTo(PRICES.storage());
    assertThat(table.origin()).isEqualTo("2027-01-01, us-west-2, our contract");
    assertThatThrownBy(() -> table.instance("t3.nano"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--instance t3.nano: not in the price table, which has c7a.4xlarge,");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "instances: {a: {gpus: 1, vcpus: 4, memory: 1, on-demand: 1}}"
            + "| instances.a.spot: expected a number above 0, found nothing",
        "instances: {a: {gpus: 1, vcpus: 4, memory: 1, on-demand: x, spot: 1}}"
            + "| instances.a.on-demand: expected a number above 0, found \"x\"",
        "instances: {a: {gpus: -1, vcpus: 4, memory: 1, on-demand: 1, spot: 1}}"
            + "| instances.a.gpus: expected a whole number, 0 or more, found -1",
        "instances: {a: {gpus: 1, vcpus: 4.5, memory: 1, on-demand: 1, spot: 1}}"
            + "| instances.a.vcpus: expected a whole number, 1 or more, found 4.5",
        "instances: {a: {gpus: 1, vcpu: 4}}| instances.a: expected the keys gpu, gpus,",
        "instances: {a: }| instances.a: expected the keys gpu, gpus,",
        "instances: 3| instances: expected instance types, found other YAML",
        "instanzes: {}| expected the keys date, instances, region, source, storage, found"
            + " instanzes",
        "- 1| expected the keys date, instances, region, source, storage, found other YAML",
        "': : :'| expected",
        "''| expected",
        "'date: {'| expected YAML, found a syntax error in line 1",
        "storage: {get-per-1000: 1}| storage.put-per-1000: expected a number, 0 or more, found"
            + " nothing",
      })
  void malformedTableIsRejected(String yaml, String message) throws IOException {
    Path own = directory.resolve("prices.yaml");
    Files.writeString(own, yaml.replaceFirst("^'(.*)'$", "$1"));
    assertThatThrownBy(() -> PriceTable.read(own))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--prices " + own + ": ")
        .hasMessageContaining(message)
        .hasMessageNotContaining("dev.kiln")
        .hasMessageNotContaining("Exception");
  }

  @Test
  void missingTableIsNamed() {
    Path none = directory.resolve("none.yaml");
    assertThatThrownBy(() -> PriceTable.read(none))
        .hasMessage("--prices " + none + ": no such file");
  }

  @Test
  void termsOutOfRangeAreRejected() throws IOException {
    Workload work = work(NAIP);
    OptionalDouble none = OptionalDouble.empty();
    OptionalInt choose = OptionalInt.empty();
    assertThatThrownBy(() -> new EstimatePlanner.Terms(0, 1, 1, none, choose))
        .hasMessage("--max-vcpus: expected 1 or more, found 0");
    assertThatThrownBy(() -> new EstimatePlanner.Terms(1, -1, 1, none, choose))
        .hasMessageContaining("--start-seconds");
    assertThatThrownBy(() -> new EstimatePlanner.Terms(1, 1, 0, none, choose))
        .hasMessageContaining("--minutes-per-child");
    assertThatThrownBy(() -> new EstimatePlanner.Terms(1, 1, 1, OptionalDouble.of(0), choose))
        .hasMessageContaining("--deadline");
    assertThatThrownBy(() -> new EstimatePlanner.Terms(1, 1, 1, none, OptionalInt.of(0)))
        .hasMessageContaining("--items-per-job");
    assertThatThrownBy(() -> plans(work, "p5.48xlarge", 1, terms(4, 1)))
        .hasMessage("--max-vcpus 4: expected 192 or more for a p5.48xlarge");
    List<Estimate> least = plans(work, "g5.xlarge", 100, terms(1024, 30));
    assertThat(least).hasSize(1);
    assertThat(least.get(0).children().count()).isEqualTo(1);
    assertThat(EstimateText.of("x", work, "as given", PRICES, least))
        .contains(
            "x: 1 scene, 1,813 chips",
            "g5.xlarge",
            "cheapest: --instance g5.xlarge --items-per-job 1: $",
            "assumed, not looked up");
  }
}
