package dev.kiln.prove;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.Encoders;
import dev.kiln.memory.HostBuffer;
import dev.kiln.tensorrt.MatrixPlan;
import java.nio.ShortBuffer;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/** The product as a TensorRT plan. */
record TensorRtProduct(Supplier<Gpu> device) implements MatrixProduct {
  private static final int NUMBER = 2;

  @Override
  public String name() {
    return "tensorrt";
  }

  @Override
  public Optional<String> absent() {
    return Encoders.missingGpuEncoder(EncoderOptions.Kind.TENSORRT);
  }

  @Override
  public double seconds(int side, int rounds) {
    long bytes = (long) NUMBER * side * side;
    try (Gpu gpu = device.get();
        GpuStream stream = gpu.newStream("matrix product");
        HostBuffer numbers = gpu.pinned("matrix", bytes);
        DeviceBuffer a = gpu.allocate("matrix", bytes);
        DeviceBuffer b = gpu.allocate("matrix", bytes);
        DeviceBuffer c = gpu.allocate("matrix", bytes)) {
      fill(numbers.slice(0, Math.toIntExact(bytes)).asShortBuffer());
      stream.copyIn(numbers, 0, a, 0, bytes);
      stream.copyIn(numbers, 0, b, 0, bytes);
      try (MatrixPlan plan = new MatrixPlan(gpu, side, a, b, c)) {
        return Stopwatch.median(gpu, stream, rounds, () -> plan.enqueue(stream));
      }
    }
  }

  /** Random numbers from -1 to 1: with zeros a device draws less power and clocks higher. */
  private static void fill(ShortBuffer numbers) {
    SplittableRandom random = new SplittableRandom(1);
    while (numbers.hasRemaining()) {
      numbers.put((short) (Float.floatToRawIntBits((float) (2 * random.nextDouble() - 1)) >>> 16));
    }
  }
}
