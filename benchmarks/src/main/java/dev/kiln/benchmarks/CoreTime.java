package dev.kiln.benchmarks;

import java.lang.management.ManagementFactory;

/**
 * Time that processors spent on this process, all its threads together. On a machine that others
 * use too, work done in a second of it says more than work done in a second of the clock.
 */
final class CoreTime {
  private static final com.sun.management.OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);

  private CoreTime() {}

  static long nanos() {
    return SYSTEM.getProcessCpuTime();
  }
}
