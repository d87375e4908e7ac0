package dev.kiln.selftest;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.infer.Patchify;
import dev.kiln.infer.gpu.PatchKernel;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Measures the bandwidth of the patch kernel, as a fraction of that of a copy. */
final class PatchBandwidthCheck implements Check {
  private static final int CHIP = 256;
  private static final int ROUNDS = 15;
  private static final double GOAL = 0.8;

  private final Supplier<Gpu> device;
  private final DevicePeaks peaks;
  private final int chipsAcross;
  private final int chipsDown;

  /**
   * Creates the check. All chips of the strip are one batch, which must exceed the caches.
   *
   * @param chipsAcross columns of chips in the strip
   * @param chipsDown rows of chips in the strip
   */
  PatchBandwidthCheck(Supplier<Gpu> device, DevicePeaks peaks, int chipsAcross, int chipsDown) {
    this.device = device;
    this.peaks = peaks;
    this.chipsAcross = chipsAcross;
    this.chipsDown = chipsDown;
  }

  @Override
  public String name() {
    return "patch kernel bandwidth";
  }

  @Override
  public List<Measurement> run() {
    List<Measurement> measurements = new ArrayList<>();
    for (String name : List.of("naip", "sentinel-2-l2a")) {
      double bytes = bytesPerSecond(PlatformCatalog.builtIn().get(name));
      measurements.add(Measurement.of(name + ", read and written", bytes / 1e9, "GB/s"));
      peaks
          .copyBytes()
          .ifPresent(
              copy ->
                  measurements.add(
                      Measurement.of(name + ", fraction of a copy", bytes / copy, "")
                          .atLeast(GOAL)));
    }
    return measurements;
  }

  private double bytesPerSecond(Platform platform) {
    int chips = chipsAcross * chipsDown;
    RandomStrip noise = new RandomStrip(chipsAcross * CHIP, 0, chipsDown * CHIP, 0, 0);
    try (Gpu gpu = device.get();
        Strip strip = noise.draw(platform, gpu::pinned, 1);
        PatchKernel kernel = new PatchKernel(gpu, platform, CHIP, DataType.BF16);
        GpuStream stream = gpu.newStream("patches");
        DeviceBuffer pixels = gpu.allocate("strip", strip.pixels().size());
        HostBuffer records = gpu.pinned("chips", (long) chips * kernel.bytesPerChip());
        DeviceBuffer planes = gpu.allocate("chips", records.size());
        DeviceBuffer out = gpu.allocate("patches", chips * rowBytes(platform))) {
      ByteBuffer described = records.slice(0, Math.toIntExact(records.size()));
      for (int i = 0; i < chips; i++) {
        int column = i % chipsAcross * CHIP;
        kernel.describe(described, i, strip, pixels.address(), column, i / chipsAcross * CHIP);
      }
      stream.copyIn(strip.pixels(), 0, pixels, 0, pixels.size());
      stream.copyIn(records, 0, planes, 0, records.size());
      double seconds =
          Stopwatch.median(gpu, stream, ROUNDS, () -> kernel.enqueue(stream, planes, chips, out));
      return (pixels.size() + out.size()) / seconds;
    }
  }

  private static long rowBytes(Platform platform) {
    return (long) new Patchify(platform, CHIP).chipLength() * DataType.BF16.bytes();
  }
}
