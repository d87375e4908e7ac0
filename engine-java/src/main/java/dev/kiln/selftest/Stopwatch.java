package dev.kiln.selftest;

import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.GpuTimer;
import java.util.Arrays;

/**
 * Measures work on a stream by the device's clock. Each measurement covers several launches that
 * are queued together, at least 2 ms of work, because the measurement of a single short kernel
 * would include the time to queue it.
 */
final class Stopwatch {
  private static final int WARM_UP = 3;
  private static final double MIN_SECONDS = 2e-3;
  private static final int MAX_LAUNCHES = 1000;

  /** Of this machine's clock; less only where a CPU simulates the device. */
  private static final double MAX_SECONDS = 0.2;

  private Stopwatch() {}

  /**
   * Returns the median seconds of one launch.
   *
   * @param rounds number of measurements, after a warm-up
   * @param work queues one launch
   */
  static double median(Gpu gpu, GpuStream stream, int rounds, Runnable work) {
    try (GpuTimer timer = new GpuTimer(gpu, stream)) {
      double once = Double.POSITIVE_INFINITY;
      double wall = Double.POSITIVE_INFINITY;
      for (int i = 0; i < WARM_UP; i++) {
        long start = System.nanoTime();
        once = Math.min(once, timer.seconds(1, work));
        wall = Math.min(wall, (System.nanoTime() - start) / 1e9);
      }
      double most = Math.min(MAX_LAUNCHES, MAX_SECONDS / wall);
      int launches = (int) Math.max(1, Math.min(most, Math.ceil(MIN_SECONDS / once)));
      double[] seconds = new double[rounds];
      for (int i = 0; i < rounds; i++) {
        seconds[i] = timer.seconds(launches, work);
      }
      Arrays.sort(seconds);
      return seconds[rounds / 2];
    }
  }
}
