package dev.kiln.selftest;

import dev.kiln.run.ProgressListener;
import dev.kiln.run.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Measures the throughput of a run between its first and last chips: without the start, until the
 * first strip is decoded, and without the end, when the last files are written.
 */
final class SteadyThroughput implements ProgressListener {
  private record Moment(long nanos, long chips) {}

  private final List<Moment> moments = new ArrayList<>();

  @Override
  public void tick(Supplier<Snapshot> run) {
    long chips = run.get().counts().chips();
    Moment last = moments.isEmpty() ? null : moments.get(moments.size() - 1);
    if (chips > 0 && (last == null || chips > last.chips())) {
      moments.add(new Moment(System.nanoTime(), chips));
    }
  }

  /** Returns whether the run was long enough for a measurement. */
  boolean known() {
    return moments.size() > 1;
  }

  /** As of {@link System#nanoTime}. */
  long begin() {
    return moments.get(0).nanos();
  }

  /** As of {@link System#nanoTime}. */
  long end() {
    return moments.get(moments.size() - 1).nanos();
  }

  double chipsPerSecond() {
    Moment first = moments.get(0);
    Moment last = moments.get(moments.size() - 1);
    return (last.chips() - first.chips()) / ((last.nanos() - first.nanos()) / 1e9);
  }
}
