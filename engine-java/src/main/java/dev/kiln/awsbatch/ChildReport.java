package dev.kiln.awsbatch;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The reports of all attempts of a child, added up. Counts of work are sums over the attempts; what
 * describes the state of the child is that of the last attempt.
 *
 * @param name file name of the last report
 * @param attempts number of attempts with a report
 * @param running whether the last attempt has started and not ended, or was killed
 * @param lost whether it has not written its report for {@link #LOST_AFTER}, so that it was killed
 * @param exitCode exit code of the last attempt, if it ended
 * @param ended why the last attempt aborted; empty if it did not
 * @param scenes scenes of the child
 * @param done scenes whose file exists
 * @param chips chips that all attempts embedded
 * @param seconds duration of all attempts, up to the last heartbeat of those that did not end
 * @param currentSeconds duration of the last attempt if it has not ended, which {@code seconds}
 *     includes
 * @param failures scenes that failed in the last attempt that ended
 * @param beyondList whether the child had no scenes, because its index is beyond the list
 */
record ChildReport(
    String name,
    int attempts,
    boolean running,
    boolean lost,
    int exitCode,
    String ended,
    long scenes,
    long done,
    long chips,
    double seconds,
    double currentSeconds,
    List<ShardReport.Failure> failures,
    boolean beyondList) {

  /** Five times the interval of the heartbeats, for slow outputs and clocks that differ. */
  static final Duration LOST_AFTER = Duration.ofMinutes(5);

  /**
   * Returns a report per child, in the order of their indices.
   *
   * @param now time to compare heartbeats with
   */
  static List<ChildReport> of(List<ShardReport> reports, Instant now) {
    Map<String, List<ShardReport>> children = new TreeMap<>();
    for (ShardReport report : reports) {
      children.computeIfAbsent(report.child(), child -> new ArrayList<>()).add(report);
    }
    return children.values().stream().map(child -> ofOneChild(child, now)).toList();
  }

  private static ChildReport ofOneChild(List<ShardReport> reports, Instant now) {
    List<ShardReport> attempts = new ArrayList<>(reports);
    attempts.sort(Comparator.comparing(ShardReport::started).thenComparing(ShardReport::name));
    ShardReport last = attempts.get(attempts.size() - 1);
    List<ShardReport.Failure> failures = List.of();
    for (ShardReport attempt : attempts) {
      failures = attempt.running() ? failures : attempt.failures();
    }
    long scenes = attempts.stream().mapToLong(ShardReport::scenes).max().orElse(0);
    return new ChildReport(
        last.name(),
        attempts.size(),
        last.running(),
        last.running() && isLost(last, now),
        last.exitCode(),
        last.ended(),
        scenes,
        attempts.stream().mapToLong(ShardReport::done).max().orElse(0),
        attempts.stream().mapToLong(ShardReport::chips).sum(),
        attempts.stream().mapToDouble(ShardReport::seconds).sum(),
        last.running() ? last.seconds() : 0,
        failures,
        !last.running() && scenes == 0);
  }

  private static boolean isLost(ShardReport running, Instant now) {
    return !running.lastSeen().isEmpty()
        && Instant.parse(running.lastSeen()).plus(LOST_AFTER).isBefore(now);
  }

  /** Returns whether the child is running according to its report. */
  boolean alive() {
    return running && !lost;
  }
}
