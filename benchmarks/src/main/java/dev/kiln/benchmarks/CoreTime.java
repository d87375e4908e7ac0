package dev.kiln.benchmarks;

import java.lang.management.ManagementFactory;

/**
 * CPU time of this process, of all threads together. On a shared machine, work per CPU second is
 * more reliable than work per second of wall-clock time.
 */
final class CoreTime {
  private static final com.sun.management.OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);

  private CoreTime() {}

  /** Returns nanoseconds since the start of the process. */
  static long nanos() {
    return SYSTEM.getProcessCpuTime();
  }
}
