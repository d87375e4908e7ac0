package dev.kiln.selftest;

import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuEvent;
import dev.kiln.cuda.GpuStream;
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
    try (GpuEvent begin = gpu.newTimer();
        GpuEvent end = gpu.newTimer()) {
      double once = Double.POSITIVE_INFINITY;
      double wall = Double.POSITIVE_INFINITY;
      for (int i = 0; i < WARM_UP; i++) {
        long start = System.nanoTime();
        once = Math.min(once, seconds(stream, begin, end, 1, work));
        wall = Math.min(wall, (System.nanoTime() - start) / 1e9);
      }
      double most = Math.min(MAX_LAUNCHES, MAX_SECONDS / wall);
      int launches = (int) Math.max(1, Math.min(most, Math.ceil(MIN_SECONDS / once)));
      double[] seconds = new double[rounds];
      for (int i = 0; i < rounds; i++) {
        seconds[i] = seconds(stream, begin, end, launches, work) / launches;
      }
      Arrays.sort(seconds);
      return seconds[rounds / 2];
    }
  }

  private static double seconds(
      GpuStream stream, GpuEvent begin, GpuEvent end, int launches, Runnable work) {
    stream.record(begin);
    for (int i = 0; i < launches; i++) {
      work.run();
    }
    stream.record(end);
    end.synchronize();
    return end.millisecondsSince(begin) / 1e3;
  }
}
