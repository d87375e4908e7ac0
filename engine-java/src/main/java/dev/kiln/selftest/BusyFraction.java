package dev.kiln.selftest;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.DoubleSupplier;

/** Samples how busy a device is, on a thread of its own, until it is closed. */
final class BusyFraction implements AutoCloseable {
  private static final Duration STEP = Duration.ofMillis(50);

  private record Sample(long nanos, double share) {}

  private final List<Sample> samples = new ArrayList<>();
  private final Thread thread;

  /**
   * Starts sampling.
   *
   * @param gauge returns the fraction of the last period in which the device was busy, 0 to 1
   */
  BusyFraction(DoubleSupplier gauge) {
    this.thread = new Thread(() -> watch(gauge), "busy share");
    thread.setDaemon(true);
    thread.start();
  }

  private void watch(DoubleSupplier gauge) {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        double share = gauge.getAsDouble();
        synchronized (samples) {
          samples.add(new Sample(System.nanoTime(), share));
        }
        Thread.sleep(STEP.toMillis());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Returns the mean over a period.
   *
   * @param from start, as of {@link System#nanoTime}
   * @param to end, as of {@link System#nanoTime}
   * @return empty if the period has no samples
   */
  OptionalDouble mean(long from, long to) {
    synchronized (samples) {
      return samples.stream()
          .filter(sample -> sample.nanos - from >= 0 && to - sample.nanos >= 0)
          .mapToDouble(Sample::share)
          .average();
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
