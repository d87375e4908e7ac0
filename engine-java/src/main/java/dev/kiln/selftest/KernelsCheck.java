package dev.kiln.selftest;

import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.infer.gpu.KernelCases;
import dev.kiln.model.Architecture;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Compares each kernel and each library function of the encoder with float64, alone and at the
 * shapes of the model, and measures its rate: an encoder with a wrong result is thus traced to one
 * of them.
 */
final class KernelsCheck implements Check {
  private static final int ROUNDS = 3;

  private final Supplier<Gpu> device;
  private final DevicePeaks peaks;
  private final Architecture model;
  private final int tokens;
  private final int chips;

  KernelsCheck(Supplier<Gpu> device, DevicePeaks peaks, Architecture model, int tokens, int chips) {
    this.device = device;
    this.peaks = peaks;
    this.model = model;
    this.tokens = tokens;
    this.chips = chips;
  }

  @Override
  public String name() {
    return "kernels, Clay %s, %d tokens, batch %d".formatted(model.name(), tokens, chips);
  }

  @Override
  public List<Measurement> run() throws Exception {
    List<Measurement> measurements = new ArrayList<>();
    List<String> wrong = new ArrayList<>();
    try (Gpu gpu = device.get();
        KernelCases all = new KernelCases(gpu, model, tokens, chips);
        GpuStream stream = gpu.newStream("measuring kernels")) {
      for (KernelCases.Case each : all.cases()) {
        double error = each.error();
        measurements.add(
            Measurement.of(each.name() + ", relative error", error, "").atMost(each.tolerance()));
        if (!(error <= each.tolerance())) {
          wrong.add(each.name());
        }
        double seconds = Stopwatch.median(gpu, stream, ROUNDS, () -> each.enqueue(stream));
        measurements.add(
            each.flops() > 0
                ? Measurement.of(each.name(), each.flops() / seconds / 1e12, "TFLOP/s")
                : Measurement.of(each.name(), each.bytes() / seconds / 1e9, "GB/s"));
        if (each.flops() == 0) {
          peaks
              .copyBytes()
              .ifPresent(
                  copy ->
                      measurements.add(
                          Measurement.of(
                              each.name() + ", fraction of a copy",
                              each.bytes() / seconds / copy,
                              "")));
        }
      }
    }
    if (!wrong.isEmpty()) {
      throw new MismatchException(
          "differs from float64: " + String.join("; ", wrong), measurements);
    }
    return measurements;
  }
}
