package dev.kiln.selftest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.error.ConfigurationException;
import dev.kiln.export.Exporter;
import dev.kiln.export.Npy;
import dev.kiln.export.RandomCheckpoint;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.select.Encoders;
import dev.kiln.model.Architecture;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.sample.SampleSize;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The checks of encoders, with a CPU encoder instead of a device. */
@Timeout(300)
class EncoderChecksTest {
  private static final Path MICRO = Path.of("../model-export/src/test/resources/golden/micro");

  @TempDir Path work;

  private static Candidate candidate(double tolerance, String absent) {
    return new Candidate(
        "onnxruntime fp32",
        DataType.FP32,
        tolerance,
        0.9999,
        () -> Optional.ofNullable(absent),
        (exported, batchSize) ->
            Encoders.open(
                exported,
                EncoderOptions.of(EncoderOptions.Kind.ONNXRUNTIME)
                    .withBatchSize(batchSize.orElseThrow())));
  }

  private RandomModel micro() {
    return new RandomModel(Architecture.named("micro"), work);
  }

  @Test
  void goldenCasesWithinTheTolerancePass() throws Exception {
    GoldenSet set = GoldenSet.under(MICRO).get(0);
    List<Measurement> measurements = new GoldenCheck(candidate(2e-5, null), set, work).run();
    assertThat(measurements.get(0).value()).as("chips").isEqualTo(5);
    assertThat(measurements.get(1).value()).as("error").isPositive().isLessThan(2e-5);
    assertThat(measurements).element(1).extracting(Measurement::met).isEqualTo(true);
  }

  @Test
  void goldenCasesBeyondItFailWithTheirFigures() throws IOException {
    GoldenSet set = GoldenSet.under(MICRO).get(0);
    assertThatThrownBy(() -> new GoldenCheck(candidate(1e-12, null), set, work).run())
        .isInstanceOfSatisfying(
            MismatchException.class,
            e ->
                assertThat(e.measurements())
                    .element(1)
                    .extracting(Measurement::met)
                    .isEqualTo(false))
        .hasMessageContaining("naip-60cm-256, chip 0");
  }

  @Test
  void missingEncoderIsSkippedBeforeAnyWork() throws IOException {
    GoldenSet set = GoldenSet.under(MICRO).get(0);
    Candidate absent = candidate(1, "no TensorRT");
    List<Check> checks =
        List.of(
            new GoldenCheck(absent, set, work),
            new ReferenceCheck(absent, micro()),
            new ThroughputCheck(
                absent, 4, micro(), new DevicePeaks(Optional.empty()), Duration.ofMillis(1)),
            new EmbedCheck(
                absent, 4, micro(), () -> null, new EmbedCheck.Scenes(SampleSize.SMALL, 1, work)));
    for (Check check : checks) {
      assertThatThrownBy(check::run).isInstanceOf(SkippedException.class).hasMessage("no TensorRT");
    }
    assertThat(work).isEmptyDirectory();
  }

  @Test
  void throughputIsAFractionOfTheCeiling() throws Exception {
    DevicePeaks peaks = new DevicePeaks(Optional.empty());
    peaks.matrixFlops(1e9);
    ThroughputCheck check =
        new ThroughputCheck(candidate(1, null), 2, micro(), peaks, Duration.ofMillis(200));
    assertThat(check.name()).isEqualTo("onnxruntime fp32, Clay micro, batch 2");
    List<Measurement> measurements = check.run();
    double chips = measurements.get(0).value();
    assertThat(chips).isPositive();
    double executed = chips * EncoderFlops.executed(Architecture.named("micro"), 256, 4);
    double nominal = chips * EncoderFlops.nominal(Architecture.named("micro"), 256, 4);
    assertThat(measurements.get(1).value()).isCloseTo(executed / 1e12, within(executed * 1e-15));
    assertThat(measurements.get(2).value()).isCloseTo(nominal / 1e12, within(nominal * 1e-15));
    assertThat(measurements.get(3).value()).isCloseTo(executed / 1e9, within(executed * 1e-12));
    assertThat(measurements).hasSize(4);
  }

  @Test
  void throughputIsComparedWithPytorchAndTheCompositeCeiling() throws Exception {
    Peers peers =
        new Peers(
            "micro",
            List.of(new Peers.Variant("slow", 2, 0.5), new Peers.Variant("eager", 4, 1e-3 + 0.5)),
            OptionalDouble.of(1e9));
    List<Measurement> measurements = throughput(peers).run();
    double chips = measurements.get(0).value();
    assertThat(measurements)
        .extracting(Measurement::name)
        .endsWith("fraction of the composite ceiling", "relative to PyTorch (eager)");
    assertThat(measurements.get(3).value()).isCloseTo(chips / 1e9, within(chips * 1e-15));
    assertThat(measurements.get(3).met()).isFalse();
    assertThat(measurements.get(4).value()).isCloseTo(chips / 0.501, within(chips * 1e-9));
    assertThat(measurements.get(4).met()).isEqualTo(chips / 0.501 >= 1.15);
  }

  @Test
  void resultsOfAnotherModelAreNotCompared() throws Exception {
    Peers large =
        new Peers("large", List.of(new Peers.Variant("eager", 4, 1)), OptionalDouble.of(9));
    assertThat(throughput(large).run()).hasSize(3);
  }

  private ThroughputCheck throughput(Peers peers) {
    return new ThroughputCheck(
        candidate(1, null),
        2,
        micro(),
        new DevicePeaks(Optional.of(peers)),
        Duration.ofMillis(100));
  }

  @Test
  void wholeRunAndBusyFractionAreMeasured() throws Exception {
    List<Measurement> measurements =
        new EmbedCheck(
                candidate(1, null),
                4,
                micro(),
                () -> () -> 0.75,
                new EmbedCheck.Scenes(SampleSize.SMALL, 3, work))
            .run();
    assertThat(measurements.get(0).value()).as("chips").isEqualTo(4 * 3 * 15);
    assertThat(measurements.get(1).value()).as("pace").isPositive();
    assertThat(measurements)
        .filteredOn(measurement -> measurement.name().equals("device idle"))
        .allSatisfy(measurement -> assertThat(measurement.value()).isCloseTo(0.25, within(1e-9)));
  }

  @Test
  void operationsOfALargeChipAreAsComputedByHand() {
    // Matrix products 619 GFLOP, attention 103, patches 0.5.
    assertThat(EncoderFlops.nominal(Architecture.named("large"), 256, 4))
        .isCloseTo(722.9e9, within(0.1e9));
    // Without the last block's work for tokens that are not needed.
    assertThat(EncoderFlops.executed(Architecture.named("large"), 256, 4))
        .isCloseTo(697.1e9, within(0.1e9));
  }

  /** The model "small" has heads of 64, as "large" does. */
  @ParameterizedTest
  @ValueSource(strings = {"micro", "small"})
  void randomModelsReproduceTheCommittedVectors(String size) throws Exception {
    RandomModel model = new RandomModel(Architecture.named(size), work);
    List<Measurement> measurements = new ReferenceCheck(candidate(2e-5, null), model).run();
    assertThat(measurements.get(1).value()).as("error").isLessThan(2e-5);
  }

  @Test
  void modelWithOtherWeightsIsFound() throws Exception {
    Path checkpoint = work.resolve("other.ckpt");
    long otherSeed = 2;
    new RandomCheckpoint(Architecture.named("micro"), DataType.BF16, otherSeed, 0)
        .write(checkpoint);
    Exporter.export(
        checkpoint,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get(RandomModel.PLATFORM)),
            List.of(RandomModel.CHIP),
            false,
            false),
        work.resolve("random-micro"));
    RandomModel model = new RandomModel(Architecture.named("micro"), work);
    assertThatThrownBy(() -> new ReferenceCheck(candidate(2e-5, null), model).run())
        .isInstanceOf(MismatchException.class)
        .hasMessageContaining("chip 0");
  }

  @Test
  void errorNamesWhatAGoldenDirectoryLacks() throws IOException {
    assertThatThrownBy(() -> GoldenSet.under(work))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected a checkpoint (*.ckpt)");
    Files.createFile(work.resolve("a.ckpt"));
    assertThatThrownBy(() -> GoldenSet.under(work))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected directories with case.json, found none next to");
  }

  @Test
  void rejectsDamagedArrays() throws IOException {
    Path whole = MICRO.resolve("naip-60cm-256/cls.npy");
    byte[] bytes = Files.readAllBytes(whole);
    Path cut = Files.write(work.resolve("cut.npy"), java.util.Arrays.copyOf(bytes, 200));
    assertThatThrownBy(() -> Npy.read(cut))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("damaged or truncated");
    Path other = Files.writeString(work.resolve("other.npy"), "PK" + "x".repeat(100_000));
    assertThatThrownBy(() -> Npy.read(other)).isInstanceOf(ConfigurationException.class);
  }
}
