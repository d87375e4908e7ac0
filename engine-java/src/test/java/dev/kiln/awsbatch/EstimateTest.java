package dev.kiln.awsbatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.archive.SceneList;
import dev.kiln.error.ConfigurationException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EstimateTest {
  private static final String NAIP =
      "nd/2018/60cm/rgbir_cog/47099/m_4709963_se_14_060_20180716.tif\n";
  private static final String S2 =
      "sentinel-s2-l2a-cogs/20/H/NJ/2024/3/S2A_20HNJ_20240311_0_L2A/S2A_20HNJ_20240311_0_L2A.json\n";
  private static final Estimate.Terms TERMS = new Estimate.Terms(1024, 90, 30, 0);

  @TempDir Path folder;

  private static SceneList.Source list(String text) {
    return () -> new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Workload work(String text) throws IOException {
    return Workload.of("--scenes x", list(text), OptionalDouble.empty(), 1);
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
    Workload half = Workload.of("x", list(S2), OptionalDouble.empty(), 0.5);
    assertThat(half.chips()).isEqualTo(882);
  }

  @Test
  void reckonsAsByHand() throws IOException {
    // 10,000 scenes of 1,813 chips at 500 chips/s: 36,260 s; 30 minutes are 496 scenes, so 490.
    Workload work = work(NAIP.repeat(10_000));
    Estimate e = Estimate.of(work, "g6e.xlarge", PriceTable.builtIn(), 500, TERMS);
    assertThat(e.atOnce()).isEqualTo(256 > e.children() ? e.children() : 256);
    // 256 GPUs share 10,000 scenes: 40 each keep all at work, which is less than 490.
    assertThat(e.itemsPerJob()).isEqualTo(40);
    assertThat(e.children()).isEqualTo(250);
    assertThat(e.gpuHours()).isCloseTo((10_000 * 1813 / 500.0 + 250 * 90) / 3600, within(1e-9));
    assertThat(e.onDemand()).isCloseTo(e.gpuHours() * 1.861, within(1e-9));
    assertThat(e.wallHours()).isCloseTo((40 * 1813 / 500.0 + 90) / 3600, within(1e-9));

    Estimate fewer =
        Estimate.of(
            work, "g6e.xlarge", PriceTable.builtIn(), 500, new Estimate.Terms(8, 90, 30, 0));
    assertThat(fewer.atOnce()).isEqualTo(2);
    assertThat(fewer.itemsPerJob()).isEqualTo(490);
    assertThat(fewer.children()).isEqualTo(21);
    assertThat(fewer.wallHours()).isCloseTo(11 * (490 * 1813 / 500.0 + 90) / 3600, within(1e-9));
  }

  @Test
  void machineOfEightGpusRunsEightChildren() throws IOException {
    Workload work = work(NAIP.repeat(1000));
    Estimate e =
        Estimate.of(
            work, "p5.48xlarge", PriceTable.builtIn(), 1000, new Estimate.Terms(384, 0, 30, 100));
    assertThat(e.atOnce()).isEqualTo(10);
    assertThat(e.instanceHours()).isCloseTo(e.gpuHours() / 8, within(1e-12));
    assertThat(e.onDemand()).isCloseTo(1000 * 1813 / 1000.0 / 3600 / 8 * 55.04, within(1e-9));
  }

  @Test
  void scenesOfUnknownSizeNeedAFigure() throws IOException {
    assertThatThrownBy(() -> work("landsat/a.json\n"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("unknown size of scene landsat/a.json: give --chips-per-scene");
    assertThat(Workload.of("x", list("l/a.json\nl/b.json\n"), OptionalDouble.of(50), 1).chips())
        .isEqualTo(100);
    assertThatThrownBy(() -> work("# nothing\n")).hasMessageContaining("the scene list is empty");
  }

  @Test
  void measuredRunGivesRateAndSizes() throws IOException {
    String report =
        """
        {"encoder": {"name": "tensorrt"}, "chipsPerSecond": 812.5,
         "run": {"counts": {"embedded": 4, "chips": 4000, "bytesFetched": 800, "bytesWritten": 40}},
         "sourceTraffic": {"requests": 80}}
        """;
    MeasuredRun run =
        MeasuredRun.read(
            "run.json", () -> new ByteArrayInputStream(report.getBytes(StandardCharsets.UTF_8)));
    Workload work = Workload.like(run, "x", list("a\nb\nc\n"));
    assertThat(work).isEqualTo(new Workload(3, 3000, 60, 600, 30, "like the 4 scenes of run.json"));
    assertThat(Rates.of(null, run).of("any")).isEqualTo(812.5);
    assertThat(Rates.of(null, run).origin()).isEqualTo("measured by run.json on tensorrt");
    assertThatThrownBy(
            () ->
                MeasuredRun.read(
                    "r", () -> new ByteArrayInputStream("{}".getBytes(StandardCharsets.UTF_8))))
        .hasMessageContaining("--report r: the run embedded no scene");
    assertThatThrownBy(
            () ->
                MeasuredRun.read(
                    "r", () -> new ByteArrayInputStream("x".getBytes(StandardCharsets.UTF_8))))
        .hasMessageContaining("--report r: expected a JSON report");
  }

  @Test
  void ratesAreNeverGuessed() {
    assertThatThrownBy(() -> Rates.of(null, null)).hasMessageContaining("a rate is needed");
    Rates rates = Rates.of("g5.xlarge=100,g6e.xlarge=400", null);
    assertThat(rates.of("g6e.xlarge")).isEqualTo(400);
    assertThatThrownBy(() -> rates.of("p5.4xlarge")).hasMessageContaining("add p5.4xlarge=…");
    assertThat(Rates.of("7", null).of("any")).isEqualTo(7);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "x", "g5.xlarge=", "NaN"})
  void badRatesAreRefused(String text) {
    assertThatThrownBy(() -> Rates.of(text, null))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--chips-per-second ");
  }

  @Test
  void tableOfTheUserGoesFirst() throws IOException {
    PriceTable builtIn = PriceTable.builtIn();
    assertThat(builtIn.origin()).contains("assumed, not looked up").startsWith("20");
    Path own = folder.resolve("prices.yaml");
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
    assertThat(table.instance("g5.xlarge")).isEqualTo(builtIn.instance("g5.xlarge"));
    assertThat(table.storage()).isEqualTo(builtIn.storage());
    assertThat(table.origin()).isEqualTo("2027-01-01, us-west-2, our contract");
    assertThatThrownBy(() -> table.instance("t3.nano"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--instance t3.nano: not in the price table, which has g4dn.xlarge,");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "instances: { a: { gpus: 1, vcpus: 4, memory: 1, on-demand: 1 } }",
        "instances: { a: { gpus: 0, vcpus: 4, memory: 1, on-demand: 1, spot: 1 } }",
        "instances: { a: }",
        "instanzes: {}",
        "- 1",
        ": : :",
        ""
      })
  void tableThatIsNoneIsRefused(String yaml) throws IOException {
    Path own = folder.resolve("prices.yaml");
    Files.writeString(own, yaml);
    assertThatThrownBy(() -> PriceTable.read(own))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--prices " + own);
  }

  @Test
  void termsOutOfRangeAreRefused() throws IOException {
    Workload work = work(NAIP);
    assertThatThrownBy(() -> new Estimate.Terms(0, 1, 1, 1)).hasMessageContaining("--max-vcpus 0");
    assertThatThrownBy(() -> new Estimate.Terms(1, -1, 1, 1))
        .hasMessageContaining("--start-seconds");
    assertThatThrownBy(() -> new Estimate.Terms(1, 1, 0, 1)).hasMessageContaining("--minutes");
    assertThatThrownBy(
            () ->
                Estimate.of(
                    work, "p5.48xlarge", PriceTable.builtIn(), 1, new Estimate.Terms(4, 1, 1, 0)))
        .hasMessageContaining("--max-vcpus 4: a p5.48xlarge has 192");
    Estimate least = Estimate.of(work, "g5.xlarge", PriceTable.builtIn(), 100, TERMS);
    assertThat(least.children()).isEqualTo(1);
    assertThat(
            EstimateText.of("x", work, "as given", PriceTable.builtIn(), java.util.List.of(least)))
        .contains("x: 1 scenes, 1,813 chips", "g5.xlarge", "assumed, not looked up");
  }
}
