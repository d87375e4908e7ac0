package dev.kiln.selftest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.selftest.CheckResult.State;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SelfTestReportTest {
  private static CheckResult result(String check, State state, Measurement... measurements) {
    return new CheckResult(
        check, state, state == State.PASSED ? "" : "for a reason", List.of(measurements), 1.5);
  }

  @ParameterizedTest
  @CsvSource({
    "PASSED PASSED, 0",
    "PASSED SKIPPED, 0",
    "PASSED FAILED, 1",
    "SKIPPED FAILED, 1",
    "SKIPPED SKIPPED, 79",
  })
  void exitCodeReflectsTheOutcomes(String states, int code) {
    List<CheckResult> results =
        Stream.of(states.split(" ")).map(s -> result("check", State.valueOf(s))).toList();
    assertThat(new SelfTestReport(Map.of(), results).exitCode()).isEqualTo(code);
  }

  @Test
  void withoutChecksNothingIsProven() {
    assertThat(new SelfTestReport(Map.of(), List.of()).exitCode())
        .isEqualTo(ExitCode.UNPROVEN.code());
  }

  @Test
  void readableReport() {
    SelfTestReport report =
        new SelfTestReport(
            Map.of("device", "a GPU"),
            List.of(
                result("pace", State.PASSED, Measurement.of("share", 0.8765, "").atLeast(0.85)),
                result("idle", State.PASSED, Measurement.of("idle", 0.05, "").atMost(0.02)),
                result("other", State.SKIPPED)));
    assertThat(report.table().lines().map(String::stripTrailing))
        .containsExactly(
            "device       a GPU",
            "",
            "PASSED   pace",
            "           share 0.8765 (goal: at least 0.8500, met)",
            "PASSED   idle",
            "           idle 0.05000 (goal: at most 0.02000, missed)",
            "SKIPPED  other",
            "           for a reason",
            "",
            "2 passed, 0 failed, 1 skipped");
  }

  @Test
  void jsonReport() {
    SelfTestReport report =
        new SelfTestReport(
            Map.of("device", "a GPU"),
            List.of(result("pace", State.FAILED, Measurement.of("throughput", 940, "chips/s"))));
    JsonNode json = JsonMapper.shared().readTree(report.json());
    assertThat(json.at("/machine/device").stringValue()).isEqualTo("a GPU");
    assertThat(json.at("/results/0/state").stringValue()).isEqualTo("FAILED");
    assertThat(json.at("/results/0/reason").stringValue()).isEqualTo("for a reason");
    assertThat(json.at("/results/0/measurements/0/value").doubleValue()).isEqualTo(940);
    assertThat(json.at("/results/0/seconds").doubleValue()).isEqualTo(1.5);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 | 0",
        "12345 | 12,345",
        "0.00012 | 1.20e-04",
        "-0.5 | -0.5000",
        "3.14159 | 3.142",
        "940.26 | 940.3",
        "94026.7 | 94,027",
        "1e18 | 1,000,000,000,000,000,000",
      })
  void writesFourSignificantDigits(double value, String text) {
    assertThat(Measurement.number(value)).isEqualTo(text);
  }
}
