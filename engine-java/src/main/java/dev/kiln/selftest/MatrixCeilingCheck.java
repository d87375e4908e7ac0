package dev.kiln.selftest;

import dev.kiln.cuda.Gpu;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Measures the matrix ceiling of the device with one large bfloat16 product. All libraries on the
 * machine compute it; the fastest sets the ceiling for encoders.
 */
final class MatrixCeilingCheck implements Check {
  private static final int ROUNDS = 20;

  private final Supplier<Gpu> device;
  private final List<MatrixProduct> products;
  private final DevicePeaks peaks;
  private final int side;

  /**
   * Creates the check.
   *
   * @param side rows and columns of the matrices
   */
  MatrixCeilingCheck(
      Supplier<Gpu> device, List<MatrixProduct> products, DevicePeaks peaks, int side) {
    this.device = device;
    this.products = products;
    this.peaks = peaks;
    this.side = side;
  }

  @Override
  public String name() {
    return "matrix ceiling, bfloat16, %d × %d".formatted(side, side);
  }

  @Override
  public List<Measurement> run() throws SkippedException {
    List<Measurement> measurements = new ArrayList<>();
    List<String> absent = new ArrayList<>();
    double best = 0;
    for (MatrixProduct product : products) {
      Optional<String> reason = product.absent().get();
      if (reason.isPresent()) {
        absent.add(reason.get());
        continue;
      }
      double flops = 2.0 * side * side * side / product.seconds(device.get(), side, ROUNDS);
      measurements.add(Measurement.of(product.name(), flops / 1e12, "TFLOP/s"));
      best = Math.max(best, flops);
    }
    if (measurements.isEmpty()) {
      throw new SkippedException(String.join("; ", absent));
    }
    peaks.matrixFlops(best);
    return measurements;
  }
}
