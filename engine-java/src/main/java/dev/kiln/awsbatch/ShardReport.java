package dev.kiln.awsbatch;

import dev.kiln.error.ExitCode;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * What the report of one child says, as far as those who watch many ask.
 *
 * @param name of the file
 * @param running whether the child has begun and not ended, or was killed
 * @param exitCode of a child that ended
 * @param ended why it broke off; empty if it came to its end
 * @param scenes of the child
 * @param there scenes whose file was there before this try
 * @param embedded scenes of this try
 * @param chips of this try
 * @param seconds of this try
 * @param failures scenes that failed
 */
record ShardReport(
    String name,
    boolean running,
    int exitCode,
    String ended,
    long scenes,
    long there,
    long embedded,
    long chips,
    double seconds,
    List<Failure> failures) {

  /**
   * @param key line of the scene list
   * @param kind what may help, as {@link dev.kiln.run.FailedScene.Kind}
   * @param reason what is wrong
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
        report.path("state").asString("").equals("running"),
        report.path("exitCode").asInt(0),
        report.path("ended").isNull() ? "" : report.path("ended").asString(""),
        run.path("scenes").asLong(0),
        counts.path("alreadyDone").asLong(0),
        counts.path("embedded").asLong(0),
        counts.path("chips").asLong(0),
        run.path("seconds").asDouble(0),
        failures);
  }

  /** Whether no further try of the child follows. */
  boolean last() {
    return !running && (exitCode == ExitCode.DONE || exitCode == ExitCode.SCENES_FAILED);
  }

  long done() {
    return there + embedded;
  }
}
