package dev.kiln.selftest;

import dev.kiln.infer.Encoder;
import dev.kiln.model.Architecture;
import dev.kiln.platform.Platform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures the throughput of an encoder in chips per second, as a fraction of the device's ceilings
 * and relative to PyTorch.
 */
final class ThroughputCheck implements Check {
  private static final double OF_CEILING = 0.85;
  private static final double OF_PYTORCH = 1.15;

  private final Candidate candidate;
  private final int batch;
  private final RandomModel model;
  private final DevicePeaks peaks;
  private final Duration time;

  /**
   * Creates the check.
   *
   * @param time of the measurement, after a warm-up of half that time
   */
  ThroughputCheck(
      Candidate candidate, int batch, RandomModel model, DevicePeaks peaks, Duration time) {
    this.candidate = candidate;
    this.batch = batch;
    this.model = model;
    this.peaks = peaks;
    this.time = time;
  }

  @Override
  public String name() {
    return "%s, Clay %s, batch %d".formatted(candidate.name(), model.architecture().name(), batch);
  }

  @Override
  public List<Measurement> run() throws Exception {
    candidate.requireAvailable();
    Platform platform = model.directory().platform(RandomModel.PLATFORM);
    double chips;
    try (Encoder encoder =
        candidate.open(model.directory().encoder(platform.name(), RandomModel.CHIP), batch)) {
      chips = EncoderThroughput.chipsPerSecond(encoder, platform, time.dividedBy(2), time);
    }
    int bands = platform.bands().size();
    Architecture architecture = model.architecture();
    double executed = chips * EncoderFlops.executed(architecture, RandomModel.CHIP, bands);
    double nominal = chips * EncoderFlops.nominal(architecture, RandomModel.CHIP, bands);
    List<Measurement> measurements = new ArrayList<>();
    measurements.add(Measurement.of("throughput", chips, "chips/s"));
    measurements.add(Measurement.of("matrix products, executed", executed / 1e12, "TFLOP/s"));
    measurements.add(Measurement.of("matrix products, nominal", nominal / 1e12, "TFLOP/s"));
    peaks
        .matrixFlops()
        .ifPresent(
            ceiling ->
                measurements.add(
                    Measurement.of(
                        "fraction of the matrix ceiling, executed", executed / ceiling, "")));
    peaks.peers(architecture).ifPresent(peers -> compare(chips, peers, measurements));
    return measurements;
  }

  private static void compare(double chips, Peers peers, List<Measurement> measurements) {
    peers
        .composite()
        .ifPresent(
            ceiling ->
                measurements.add(
                    Measurement.of("fraction of the composite ceiling", chips / ceiling, "")
                        .atLeast(OF_CEILING)));
    peers
        .best()
        .ifPresent(
            best ->
                measurements.add(
                    Measurement.of(
                            "relative to PyTorch (%s)".formatted(best.name()),
                            chips / best.chipsPerSecond(),
                            "")
                        .atLeast(OF_PYTORCH)));
  }
}
