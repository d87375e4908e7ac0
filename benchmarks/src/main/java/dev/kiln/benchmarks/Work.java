package dev.kiln.benchmarks;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What a benchmark has got done: JMH gives the rates of these counters. */
@AuxCounters
@State(Scope.Thread)
public class Work {
  /** Bytes, of what the benchmark says. */
  public long bytes;

  /** Chips, or lines, or whatever else is counted. */
  public long items;
}
