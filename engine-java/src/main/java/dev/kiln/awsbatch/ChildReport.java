package dev.kiln.awsbatch;

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
 * @param exitCode exit code of the last attempt, if it ended
 * @param ended why the last attempt aborted; empty if it did not
 * @param scenes scenes of the child
 * @param done scenes whose file exists
 * @param chips chips that all attempts embedded
 * @param seconds duration of all attempts that ended
 * @param failures scenes that failed in the last attempt that ended
 * @param beyondList whether the child had no scenes, because its index is beyond the list
 */
record ChildReport(
    String name,
    int attempts,
    boolean running,
    int exitCode,
    String ended,
    long scenes,
    long done,
    long chips,
    double seconds,
    List<ShardReport.Failure> failures,
    boolean beyondList) {

  /** Returns a report per child, in the order of their indices. */
  static List<ChildReport> of(List<ShardReport> reports) {
    Map<String, List<ShardReport>> children = new TreeMap<>();
    for (ShardReport report : reports) {
      children.computeIfAbsent(report.child(), child -> new ArrayList<>()).add(report);
    }
    return children.values().stream().map(ChildReport::ofOneChild).toList();
  }

  private static ChildReport ofOneChild(List<ShardReport> reports) {
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
        last.exitCode(),
        last.ended(),
        scenes,
        attempts.stream().mapToLong(ShardReport::done).max().orElse(0),
        attempts.stream().mapToLong(ShardReport::chips).sum(),
        attempts.stream().mapToDouble(ShardReport::seconds).sum(),
        failures,
        !last.running() && scenes == 0);
  }
}
