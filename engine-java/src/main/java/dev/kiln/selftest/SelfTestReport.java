package dev.kiln.selftest;

import dev.kiln.error.ExitCode;
import dev.kiln.selftest.CheckResult.State;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What was proven where.
 *
 * @param machine names and versions, in the order in which they are shown
 * @param findings one a check
 */
public record SelfTestReport(Map<String, String> machine, List<CheckResult> findings) {
  public SelfTestReport {
    findings = List.copyOf(findings);
  }

  /** How many checks ended so. */
  public long count(State state) {
    return findings.stream().filter(finding -> finding.state() == state).count();
  }

  /**
   * What the process says: 0 if something passed and nothing failed, {@link ExitCode#INTERNAL} if
   * something failed, {@link ExitCode#UNPROVEN} if everything was skipped.
   */
  public int exitCode() {
    if (count(State.FAILED) > 0) {
      return ExitCode.INTERNAL.code();
    }
    return count(State.PASSED) > 0 ? ExitCode.DONE.code() : ExitCode.UNPROVEN.code();
  }

  /** As indented JSON. */
  public byte[] json() {
    return JsonMapper.builder()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .build()
        .writeValueAsBytes(this);
  }

  /** As a table for a person. */
  public String table() {
    StringBuilder text = new StringBuilder();
    machine.forEach((name, value) -> text.append("%-12s %s%n".formatted(name, value)));
    text.append('\n');
    findings.forEach(finding -> text.append(rows(finding)));
    text.append(
        "%n%d passed, %d failed, %d skipped%n"
            .formatted(count(State.PASSED), count(State.FAILED), count(State.SKIPPED)));
    return text.toString();
  }

  /** The rows of the last check. */
  public String lastRows() {
    return rows(findings.get(findings.size() - 1));
  }

  /** A check's rows: its state, then a line for the reason and one for each figure. */
  private static String rows(CheckResult finding) {
    StringBuilder text = new StringBuilder();
    text.append("%-8s %s%n".formatted(finding.state(), finding.check()));
    if (!finding.reason().isEmpty()) {
      text.append("           %s%n".formatted(finding.reason()));
    }
    finding.figures().forEach(figure -> text.append("           %s%n".formatted(figure)));
    return text.toString();
  }
}
