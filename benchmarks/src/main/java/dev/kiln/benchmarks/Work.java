package dev.kiln.benchmarks;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Work and CPU time of an iteration; JMH reports them per second. */
@AuxCounters
@State(Scope.Thread)
public class Work {
  /** Bytes, as the benchmark defines them. */
  public long bytes;

  /** Chips, lines or other items. */
  public long items;

  /** CPU time of all threads. */
  public long coreNanos;

  private long begin;

  /** Starts the clock. */
  @Setup(Level.Iteration)
  public void begin() {
    begin = CoreTime.nanos();
  }

  /** Stops the clock. */
  @TearDown(Level.Iteration)
  public void end() {
    coreNanos = CoreTime.nanos() - begin;
  }
}
