package dev.kiln.selftest;

import dev.kiln.error.ExitCode;
import dev.kiln.selftest.CheckResult.State;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Results of a self-test.
 *
 * @param machine names and versions of hardware and libraries, in display order
 * @param results one per check
 */
public record SelfTestReport(Map<String, String> machine, List<CheckResult> results) {
  public SelfTestReport {
    results = List.copyOf(results);
  }

  /** Returns the number of checks with this outcome. */
  public long count(State state) {
    return results.stream().filter(result -> result.state() == state).count();
  }

  /**
   * Returns the exit code: 0 if something passed and nothing failed, {@link ExitCode#INTERNAL} if
   * something failed, {@link ExitCode#UNPROVEN} if everything was skipped.
   */
  public int exitCode() {
    if (count(State.FAILED) > 0) {
      return ExitCode.INTERNAL.code();
    }
    return count(State.PASSED) > 0 ? ExitCode.DONE.code() : ExitCode.UNPROVEN.code();
  }

  /** Returns the report as indented JSON. */
  public byte[] json() {
    return JsonMapper.builder()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .build()
        .writeValueAsBytes(this);
  }

  /** Returns the report as readable text. */
  public String table() {
    StringBuilder text = new StringBuilder();
    machine.forEach((name, value) -> text.append("%-12s %s%n".formatted(name, value)));
    text.append('\n');
    results.forEach(result -> text.append(rows(result)));
    text.append(
        "%n%d passed, %d failed, %d skipped%n"
            .formatted(count(State.PASSED), count(State.FAILED), count(State.SKIPPED)));
    return text.toString();
  }

  /** Returns the rows of the last check. */
  public String lastRows() {
    return rows(results.get(results.size() - 1));
  }

  /** Returns a check's state, then one line for the reason and one per measurement. */
  private static String rows(CheckResult result) {
    StringBuilder text = new StringBuilder();
    text.append("%-8s %s%n".formatted(result.state(), result.check()));
    if (!result.reason().isEmpty()) {
      text.append("           %s%n".formatted(result.reason()));
    }
    result
        .measurements()
        .forEach(measurement -> text.append("           %s%n".formatted(measurement)));
    return text.toString();
  }
}
