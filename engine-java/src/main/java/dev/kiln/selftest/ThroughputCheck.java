package dev.kiln.selftest;

import dev.kiln.infer.Encoder;
import dev.kiln.platform.Platform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Chips a second of an encoder, and what share that is of the device's matrix ceiling. */
final class ThroughputCheck implements Check {
  private static final double GOAL = 0.85;

  private final Candidate contender;
  private final int batch;
  private final RandomModel model;
  private final DevicePeaks yardstick;
  private final Duration time;

  /**
   * @param time measured, after half as long that is not
   */
  ThroughputCheck(
      Candidate contender, int batch, RandomModel model, DevicePeaks yardstick, Duration time) {
    this.contender = contender;
    this.batch = batch;
    this.model = model;
    this.yardstick = yardstick;
    this.time = time;
  }

  @Override
  public String name() {
    return "%s, Clay %s, batch %d".formatted(contender.name(), model.architecture().name(), batch);
  }

  @Override
  public List<Measurement> run() throws Exception {
    contender.requireThere();
    double chips;
    Platform platform = model.directory().platform(RandomModel.PLATFORM);
    try (Encoder encoder =
        contender.open(model.directory().encoder(platform.name(), RandomModel.CHIP), batch)) {
      chips = EncoderThroughput.chipsPerSecond(encoder, platform, time.dividedBy(2), time);
    }
    double flops =
        chips * EncoderFlops.flops(model.architecture(), RandomModel.CHIP, platform.bands().size());
    List<Measurement> figures = new ArrayList<>();
    figures.add(Measurement.of("chips a second", chips, "chips/s"));
    figures.add(Measurement.of("matrix products", flops / 1e12, "TFLOP/s"));
    yardstick
        .matrixFlops()
        .ifPresent(
            ceiling ->
                figures.add(
                    Measurement.of("share of the matrix ceiling", flops / ceiling, "")
                        .atLeast(GOAL)));
    return figures;
  }
}
