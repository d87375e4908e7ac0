package dev.kiln.cuda;

/** Measures work on a stream by the device's clock. */
public final class GpuTimer implements AutoCloseable {
  private final GpuStream stream;
  private final GpuEvent start;
  private final GpuEvent end;

  /**
   * Creates a timer.
   *
   * @param gpu of the stream
   * @param stream on which the work is queued; borrowed
   */
  public GpuTimer(Gpu gpu, GpuStream stream) {
    this.stream = stream;
    this.start = gpu.newTimer();
    try {
      this.end = gpu.newTimer();
    } catch (RuntimeException | Error e) {
      start.close();
      throw e;
    }
  }

  /**
   * Runs work several times, queued together, and waits for it.
   *
   * @param runs number of runs
   * @param work queues one run
   * @return seconds of one run, by mean
   */
  public double seconds(int runs, Runnable work) {
    stream.record(start);
    for (int run = 0; run < runs; run++) {
      work.run();
    }
    stream.record(end);
    end.synchronize();
    return end.millisecondsSince(start) / 1e3 / runs;
  }

  @Override
  public void close() {
    try {
      end.close();
    } finally {
      start.close();
    }
  }
}
