package dev.kiln.selftest;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.infer.Patchify;
import dev.kiln.infer.gpu.PatchKernel;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.HostMemory;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Compares the patch kernel with {@link Patchify}: pixels of all types and resolutions, chips at
 * odd columns and rows, all types of rows. Float32 may differ by one unit in the last place; 16-bit
 * values must be the float32 value rounded to nearest.
 */
final class PatchKernelCheck implements Check {
  /** Chip sizes: one that leaves part of a thread block idle, and the usual one. */
  private static final int[] CHIPS = {24, 256};

  private static final int FIRST_ROW = 100;

  /** Left and upper edges, including odd ones. */
  private static final int[][] CORNERS = {{0, 0}, {1, 1}, {8, 8}, {13, 3}, {16, 2}};

  private static final int MARGIN = 19;

  /**
   * Tolerance in units in the last place: a difference of one in float32 may round a tie the other
   * way.
   */
  private static final double ALLOWED_FP32 = 1;

  private static final double ALLOWED_16 = 0.5 + 0x1p-12;

  private final Supplier<Gpu> device;
  private long numbers;

  PatchKernelCheck(Supplier<Gpu> device) {
    this.device = device;
  }

  @Override
  public String name() {
    return "patch kernel against its reference";
  }

  @Override
  public List<Measurement> run() throws Exception {
    List<Measurement> measurements = new ArrayList<>();
    List<String> wrong = new ArrayList<>();
    numbers = 0;
    try (Gpu gpu = device.get()) {
      for (DataType format : List.of(DataType.BF16, DataType.FP16, DataType.FP32)) {
        double worst = 0;
        for (String name : RandomStrip.PLATFORMS) {
          Platform platform = PlatformCatalog.builtIn().get(name);
          for (int chip : CHIPS) {
            double distance = distance(gpu, platform, chip, format);
            worst = Math.max(worst, distance);
            if (distance > allowed(format)) {
              wrong.add(name + ", " + format + ", chips of " + chip);
            }
          }
        }
        String title = "largest distance in " + format.label();
        measurements.add(Measurement.of(title, worst, "units in the last place"));
      }
    }
    measurements.add(Measurement.of("numbers compared", numbers, ""));
    if (!wrong.isEmpty()) {
      throw new MismatchException(
          "differs from the reference for " + String.join("; ", wrong), measurements);
    }
    return measurements;
  }

  private static double allowed(DataType format) {
    return format == DataType.FP32 ? ALLOWED_FP32 : ALLOWED_16;
  }

  /**
   * Returns the largest distance between device and reference, in units in the last place of the
   * type.
   */
  private double distance(Gpu gpu, Platform platform, int chip, DataType format) {
    RandomStrip noise = new RandomStrip(chip + MARGIN, FIRST_ROW, chip + MARGIN, 1, -1000);
    Patchify reference = new Patchify(platform, chip);
    float[] expected = new float[CORNERS.length * reference.chipLength()];
    try (Strip strip = noise.draw(platform, HostMemory.ORDINARY, chip)) {
      for (int i = 0; i < CORNERS.length; i++) {
        reference.write(
            strip,
            CORNERS[i][0],
            FIRST_ROW + CORNERS[i][1],
            FloatBuffer.wrap(expected),
            i * reference.chipLength());
      }
      ByteBuffer found = onDevice(gpu, platform, chip, format, strip, expected.length);
      double worst = 0;
      for (int i = 0; i < expected.length; i++) {
        worst = Math.max(worst, RoundedValue.distance(format, found, i, expected[i]));
      }
      numbers += expected.length;
      return worst;
    }
  }

  private static ByteBuffer onDevice(
      Gpu gpu, Platform platform, int chip, DataType format, Strip strip, int numbers) {
    int bytes = numbers * format.bytes();
    try (PatchKernel kernel = new PatchKernel(gpu, platform, chip, format);
        GpuStream stream = gpu.newStream("patches");
        DeviceBuffer pixels = gpu.allocate("strip", strip.pixels().size());
        DeviceBuffer out = gpu.allocate("patches", bytes);
        HostBuffer chips = gpu.pinned("chips", (long) CORNERS.length * kernel.bytesPerChip());
        DeviceBuffer planes = gpu.allocate("chips", chips.size());
        HostBuffer back = gpu.pinned("patches", bytes)) {
      ByteBuffer records = chips.slice(0, Math.toIntExact(chips.size()));
      for (int i = 0; i < CORNERS.length; i++) {
        kernel.describe(
            records, i, strip, pixels.address(), CORNERS[i][0], FIRST_ROW + CORNERS[i][1]);
      }
      stream.copyIn(strip.pixels(), 0, pixels, 0, pixels.size());
      stream.copyIn(chips, 0, planes, 0, chips.size());
      kernel.enqueue(stream, planes, CORNERS.length, out);
      stream.copyOut(out, 0, back, 0, bytes);
      stream.synchronize();
      ByteBuffer copy = ByteBuffer.allocate(bytes).order(back.slice(0, bytes).order());
      return copy.put(back.slice(0, bytes)).flip();
    }
  }
}
