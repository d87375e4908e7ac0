package dev.kiln.selftest;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.memory.HostBuffer;
import java.nio.ShortBuffer;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * A large matrix product of bfloat16 by a library that is tuned for the device.
 *
 * @param name who computes it
 * @param absent why it cannot be had on this machine; empty if it can
 * @param library opens the library for it
 */
record MatrixProduct(String name, Supplier<Optional<String>> absent, Library library) {
  private static final int NUMBER = 2;

  /** Opens what computes {@code C = A·B}, all three {@code [side, side]}. */
  interface Library {
    Ready open(Gpu gpu, int side, DeviceBuffer a, DeviceBuffer b, DeviceBuffer c);
  }

  /** Ready to compute. */
  interface Ready extends AutoCloseable {
    /** Queues one product. */
    void enqueue(GpuStream stream);

    @Override
    void close();
  }

  /**
   * Median seconds of one product of random numbers.
   *
   * @param gpu is closed with it
   * @param rounds that are timed
   */
  double seconds(Gpu gpu, int side, int rounds) {
    long bytes = (long) NUMBER * side * side;
    try (gpu;
        GpuStream stream = gpu.newStream("matrix product");
        HostBuffer numbers = gpu.pinned("matrix", bytes);
        DeviceBuffer a = gpu.allocate("matrix", bytes);
        DeviceBuffer b = gpu.allocate("matrix", bytes);
        DeviceBuffer c = gpu.allocate("matrix", bytes)) {
      fill(numbers.slice(0, Math.toIntExact(bytes)).asShortBuffer());
      stream.copyIn(numbers, 0, a, 0, bytes);
      stream.copyIn(numbers, 0, b, 0, bytes);
      try (Ready product = library.open(gpu, side, a, b, c)) {
        return Stopwatch.median(gpu, stream, rounds, () -> product.enqueue(stream));
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
