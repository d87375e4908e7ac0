package dev.kiln.benchmarks;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What an iteration of a benchmark has got done, and what it took: JMH gives their rates. */
@AuxCounters
@State(Scope.Thread)
public class Work {
  /** Bytes, of what the benchmark says. */
  public long bytes;

  /** Chips, or lines, or whatever else is counted. */
  public long items;

  /** Time of all cores together. */
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
