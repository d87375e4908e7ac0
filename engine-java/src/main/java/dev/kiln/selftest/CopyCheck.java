package dev.kiln.selftest;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.memory.HostBuffer;
import java.util.List;
import java.util.function.Supplier;

/** Measures copies: from pinned memory to the device, back, and within the device. */
final class CopyCheck implements Check {
  private static final int ROUNDS = 15;

  private final Supplier<Gpu> device;
  private final DevicePeaks peaks;
  private final long bytes;

  /**
   * Creates the check.
   *
   * @param bytes size of a copy, larger than the device's caches
   */
  CopyCheck(Supplier<Gpu> device, DevicePeaks peaks, long bytes) {
    this.device = device;
    this.peaks = peaks;
    this.bytes = bytes;
  }

  @Override
  public String name() {
    return "copy bandwidth";
  }

  @Override
  public List<Measurement> run() {
    try (Gpu gpu = device.get();
        GpuStream stream = gpu.newStream("copies");
        HostBuffer host = gpu.pinned("copied bytes", bytes);
        DeviceBuffer one = gpu.allocate("copied bytes", bytes);
        DeviceBuffer two = gpu.allocate("copied bytes", bytes)) {
      double up =
          bytes
              / Stopwatch.median(gpu, stream, ROUNDS, () -> stream.copyIn(host, 0, one, 0, bytes));
      double down =
          bytes
              / Stopwatch.median(gpu, stream, ROUNDS, () -> stream.copyOut(one, 0, host, 0, bytes));
      // A copy reads and writes each byte.
      double within =
          2
              * bytes
              / Stopwatch.median(gpu, stream, ROUNDS, () -> stream.copy(one, 0, two, 0, bytes));
      peaks.copyBytes(within);
      return List.of(
          Measurement.of("host to device, pinned", up / 1e9, "GB/s"),
          Measurement.of("device to host, pinned", down / 1e9, "GB/s"),
          Measurement.of("within the device, read and written", within / 1e9, "GB/s"));
    }
  }
}
