package dev.kiln.selftest;

import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuEvent;
import dev.kiln.cuda.GpuStream;
import java.util.Arrays;

/** The device's own time for work on a stream. */
final class Stopwatch {
  private static final int WARM_UP = 3;

  private Stopwatch() {}

  /**
   * Median seconds of one round.
   *
   * @param rounds that are timed, after some that are not
   * @param work queues one round
   */
  static double median(Gpu gpu, GpuStream stream, int rounds, Runnable work) {
    double[] seconds = new double[rounds];
    try (GpuEvent begin = gpu.newTimer();
        GpuEvent end = gpu.newTimer()) {
      for (int i = -WARM_UP; i < rounds; i++) {
        stream.record(begin);
        work.run();
        stream.record(end);
        end.synchronize();
        if (i >= 0) {
          seconds[i] = end.millisecondsSince(begin) / 1e3;
        }
      }
    }
    Arrays.sort(seconds);
    return seconds[rounds / 2];
  }
}
