package dev.kiln.awsbatch;

import dev.kiln.error.ExitCode;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * The parts of the report of an attempt of a child that the monitor needs.
 *
 * @param name file name of the report
 * @param started when the attempt started, ISO 8601; empty if unknown
 * @param running whether the child has started and not ended, or was killed
 * @param lastSeen when a child that has not ended last wrote its report, ISO 8601; empty if unknown
 * @param exitCode exit code of a child that ended
 * @param ended why the run aborted; empty if it did not
 * @param scenes scenes of the child
 * @param alreadyDone scenes whose file existed before this attempt
 * @param embedded scenes that this attempt embedded
 * @param chips chips that this attempt embedded
 * @param seconds duration of this attempt
 * @param failures scenes that failed
 * @param measured rates and sizes of this attempt
 */
record ShardReport(
    String name,
    String started,
    boolean running,
    String lastSeen,
    int exitCode,
    String ended,
    long scenes,
    long alreadyDone,
    long embedded,
    long chips,
    double seconds,
    List<Failure> failures,
    MeasuredRun measured) {

  /**
   * A scene that failed.
   *
   * @param key scene key
   * @param kind name of a {@link dev.kiln.run.FailedScene.Kind}
   * @param reason message without the key
   */
  record Failure(String key, String kind, String reason) {
    boolean permanent() {
      return kind.equals("PERMANENT");
    }
  }

  static ShardReport of(String name, JsonNode report) {
    JsonNode run = report.path("run");
    JsonNode counts = run.path("counts");
    List<Failure> failures = new ArrayList<>();
    for (JsonNode f : report.path("failures")) {
      failures.add(
          new Failure(
              f.path("key").asString(""),
              f.path("kind").asString(""),
              f.path("reason").asString("")));
    }
    return new ShardReport(
        name,
        report.path("started").asString(""),
        report.path("state").asString("").equals("running"),
        report.path("heartbeat").asString(""),
        report.path("exitCode").asInt(0),
        report.path("ended").isNull() ? "" : report.path("ended").asString(""),
        run.path("scenes").asLong(0),
        counts.path("alreadyDone").asLong(0),
        counts.path("embedded").asLong(0),
        counts.path("chips").asLong(0),
        run.path("seconds").asDouble(0),
        failures,
        MeasuredRun.of(name, report));
  }

  /** Returns the part of the file name that all attempts of the child share. */
  String child() {
    return name.replaceFirst("^(shard-\\d+|run).*", "$1");
  }

  /** Returns whether the child will not be attempted again. */
  boolean last() {
    return !running
        && (exitCode == ExitCode.DONE.code() || exitCode == ExitCode.SCENES_FAILED.code());
  }

  long done() {
    return alreadyDone + embedded;
  }
}
