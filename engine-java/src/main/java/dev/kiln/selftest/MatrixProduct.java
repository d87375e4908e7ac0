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
 * A large bfloat16 matrix product by a library that is tuned for the device.
 *
 * @param name of the library
 * @param absent why this machine does not have the library; empty if it does
 * @param library opens the library
 */
record MatrixProduct(String name, Supplier<Optional<String>> absent, Library library) {
  private static final int NUMBER = 2;

  /** Prepares {@code C = A·B}, all three {@code [side, side]}. */
  interface Library {
    Ready open(Gpu gpu, int side, DeviceBuffer a, DeviceBuffer b, DeviceBuffer c);
  }

  /** A prepared product. */
  interface Ready extends AutoCloseable {
    /** Queues one product. */
    void enqueue(GpuStream stream);

    @Override
    void close();
  }

  /**
   * Returns the median seconds of one product of random matrices.
   *
   * @param gpu closed by this method
   * @param rounds number of measurements
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

  /**
   * Fills a buffer with random numbers from -1 to 1: with zeros a device draws less power and
   * clocks higher.
   */
  private static void fill(ShortBuffer numbers) {
    SplittableRandom random = new SplittableRandom(1);
    while (numbers.hasRemaining()) {
      numbers.put((short) (Float.floatToRawIntBits((float) (2 * random.nextDouble() - 1)) >>> 16));
    }
  }
}
