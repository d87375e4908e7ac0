package dev.kiln.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * CPU quota of the container of this process, from its Linux control groups (versions 1 and 2), and
 * the time for which it was held back. The kernel stops all threads of a group for the rest of a
 * period, usually 100 ms, when they have used its quota. Not safe for several threads.
 */
public final class CpuQuota {
  private static final Logger log = LoggerFactory.getLogger(CpuQuota.class);

  /** Share of the time held back above which a run is warned. */
  private static final double WARN_ABOVE = 0.1;

  /** Seconds before the first warning: the start of a run uses all processors. */
  private static final double WARN_AFTER = 30;

  /** The group with the lowest quota; null without a quota. */
  private final Group group;

  private final double atStart;
  private boolean warned;

  private record Group(double cpus, Path statistics, String field, double unit) {
    OptionalDouble throttledSeconds() {
      try {
        for (String line : Files.readAllLines(statistics)) {
          String[] words = line.split(" ");
          if (words[0].equals(field)) {
            return OptionalDouble.of(Long.parseLong(words[1]) * unit);
          }
        }
      } catch (IOException | RuntimeException e) {
        log.debug("file={} error=\"{}\"", statistics, e.toString());
      }
      return OptionalDouble.empty();
    }
  }

  /** Reads the quota of this process. */
  public CpuQuota() {
    this(Path.of("/proc/self/cgroup"), Path.of("/sys/fs/cgroup"));
  }

  /**
   * Reads a quota.
   *
   * @param membership file that names the groups of the process
   * @param root where control groups are mounted
   */
  CpuQuota(Path membership, Path root) {
    List<Group> groups = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(membership)) {
        String[] fields = line.split(":", 3);
        boolean second = fields[1].isEmpty();
        if (second || Arrays.asList(fields[1].split(",")).contains("cpu")) {
          Path mount = second ? root : root.resolve(fields[1].contains(",") ? fields[1] : "cpu");
          // A container sees its own group at the root of the mount, whatever its path is outside.
          for (Path at = mount.resolve("." + fields[2]).normalize();
              at != null && at.startsWith(mount);
              at = at.getParent()) {
            add(groups, at, second);
          }
        }
      }
    } catch (IOException | RuntimeException e) {
      // Not Linux, or a Linux that hides its groups.
      log.debug("file={} error=\"{}\"", membership, e.toString());
    }
    this.group = groups.stream().min(Comparator.comparingDouble(Group::cpus)).orElse(null);
    this.atStart = group == null ? 0 : group.throttledSeconds().orElse(0);
  }

  private static void add(List<Group> groups, Path directory, boolean second) throws IOException {
    Path limit = directory.resolve(second ? "cpu.max" : "cpu.cfs_quota_us");
    if (!Files.exists(limit)) {
      return;
    }
    String[] words = Files.readString(limit).strip().split(" ");
    String period =
        second ? words[1] : Files.readString(directory.resolve("cpu.cfs_period_us")).strip();
    if (!words[0].equals("max") && !words[0].equals("-1")) {
      groups.add(
          new Group(
              Double.parseDouble(words[0]) / Double.parseDouble(period),
              directory.resolve("cpu.stat"),
              second ? "throttled_usec" : "throttled_time",
              second ? 1e-6 : 1e-9));
    }
  }

  /** Returns the processors that the container may use, such as 1.5; empty without a quota. */
  public OptionalDouble cpus() {
    return group == null ? OptionalDouble.empty() : OptionalDouble.of(group.cpus());
  }

  /**
   * Returns the seconds since this was created for which threads of the container were held back;
   * empty without a quota or a figure.
   */
  public OptionalDouble throttledSeconds() {
    OptionalDouble now = group == null ? OptionalDouble.empty() : group.throttledSeconds();
    return now.isEmpty() ? now : OptionalDouble.of(now.getAsDouble() - atStart);
  }

  /**
   * Warns once if the quota holds the run back for much of its time.
   *
   * @param seconds age of the run
   */
  public void check(double seconds) {
    if (warned || group == null || seconds < WARN_AFTER) {
      return;
    }
    double throttled = throttledSeconds().orElse(0);
    if (throttled > WARN_ABOVE * seconds) {
      warned = true;
      log.warn(
          "cpuQuota={} throttledSeconds={} of={}: the CPU quota of the container holds the run"
              + " back; raise it, or lower --threads and --inflate-threads",
          "%.2f".formatted(group.cpus()),
          Math.round(throttled),
          Math.round(seconds));
    }
  }
}
