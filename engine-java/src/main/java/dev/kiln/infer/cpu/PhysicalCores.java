package dev.kiln.infer.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * Cores of the CPU that this process may use. Matrix products gain nothing from a second thread on
 * a core, whose vector units the first one keeps busy.
 */
public final class PhysicalCores {
  private static final String ALLOWED = "Cpus_allowed_list:";

  private PhysicalCores() {}

  /**
   * Cores under the processors that the process is bound to, threads of one core counted once, and
   * no more than a container's share of processor time comes to. At least 1.
   */
  public static int available() {
    return count(
        Path.of("/proc/self/status"),
        Path.of("/sys/devices/system/cpu"),
        Runtime.getRuntime().availableProcessors());
  }

  /**
   * @param status of the process, as Linux describes it
   * @param cpus folder of Linux's descriptions of processors
   * @param processors what the JVM may use; it knows of bindings and of containers, and not of
   *     cores
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
      // Not Linux, or one that hides its processors.
      return processors;
    }
  }

  /** Numbers of a list such as {@code 0-3,8}. */
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
