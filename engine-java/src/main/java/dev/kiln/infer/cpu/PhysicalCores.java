package dev.kiln.infer.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * Cores of the CPU that this process may use. Matrix products gain nothing from a second thread per
 * core, because one thread keeps the core's vector units busy.
 */
public final class PhysicalCores {
  private static final String ALLOWED = "Cpus_allowed_list:";

  private PhysicalCores() {}

  /**
   * Returns the number of cores in the CPU affinity of the process, limited by the CPU quota of its
   * container; at least 1. Hardware threads of one core count once.
   */
  public static int available() {
    return count(
        Path.of("/proc/self/status"),
        Path.of("/sys/devices/system/cpu"),
        Runtime.getRuntime().availableProcessors());
  }

  /**
   * Returns the number of cores.
   *
   * @param status {@code /proc/self/status}
   * @param cpus {@code /sys/devices/system/cpu}
   * @param processors processors of the JVM, which respects affinity and container quotas but
   *     counts hardware threads
   */
  static int count(Path status, Path cpus, int processors) {
    try {
      Set<String> cores = new HashSet<>();
      for (int cpu : allowed(status)) {
        Path siblings = cpus.resolve("cpu" + cpu + "/topology/thread_siblings_list");
        cores.add(Files.readString(siblings).strip());
      }
      return cores.isEmpty() ? processors : Math.min(cores.size(), processors);
    } catch (IOException | NumberFormatException e) {
      // Not Linux, or a Linux that hides its processors.
      return processors;
    }
  }

  /** Parses a list such as {@code 0-3,8}. */
  private static Set<Integer> allowed(Path status) throws IOException {
    Set<Integer> numbers = new HashSet<>();
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith(ALLOWED)) {
        for (String range : line.substring(ALLOWED.length()).strip().split(",")) {
          String[] ends = range.split("-");
          int last = Integer.parseInt(ends[ends.length - 1]);
          for (int cpu = Integer.parseInt(ends[0]); cpu <= last; cpu++) {
            numbers.add(cpu);
          }
        }
      }
    }
    return numbers;
  }
}
