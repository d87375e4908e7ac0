package dev.kiln.metrics;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Resources that a run used.
 *
 * @param cpuSeconds CPU time of the process since its start, summed over threads
 * @param throttledSeconds time for which the CPU quota of the container held threads back; empty
 *     without a quota
 * @param peakMemory peak resident set of the process in bytes; empty where the system has no figure
 * @param joules energy of the machine's processors during the run, all processes together; empty
 *     where it is not measured or not readable
 * @param deviceJoules energy of the encoder's device during the run, all processes together; empty
 *     without a device or without a figure
 */
public record ResourceUse(
    double cpuSeconds,
    OptionalDouble throttledSeconds,
    OptionalLong peakMemory,
    OptionalDouble joules,
    OptionalDouble deviceJoules) {

  /**
   * Returns the use up to now.
   *
   * @param quota read when the run started
   * @param meter started with the run
   * @param joulesBefore reading of the encoder's device when the run started
   * @param joulesNow reading of the encoder's device now
   */
  public static ResourceUse now(
      CpuQuota quota, EnergyMeter meter, OptionalDouble joulesBefore, OptionalDouble joulesNow) {
    long nanos =
        ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    return new ResourceUse(
        nanos / 1e9,
        quota.throttledSeconds(),
        peakMemory(Path.of("/proc/self/status")),
        meter.joules(),
        joulesBefore.isPresent() && joulesNow.isPresent()
            ? OptionalDouble.of(joulesNow.getAsDouble() - joulesBefore.getAsDouble())
            : OptionalDouble.empty());
  }

  /** Reads the peak resident set from Linux's status file of a process. */
  static OptionalLong peakMemory(Path status) {
    try {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("VmHWM:")) {
          return OptionalLong.of(1024 * Long.parseLong(line.replaceAll("\\D", "")));
        }
      }
      return OptionalLong.empty();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }
}
