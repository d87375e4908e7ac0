package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.testing.RetryStrategyRules;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The rules for AWS Batch agree with Kiln's exit codes. */
class RetryStrategyTest {
  @ParameterizedTest
  @EnumSource(ExitCode.class)
  void aSchedulerRetriesExactlyTheCodesThatKilnMarks(ExitCode exit) throws Exception {
    assertThat(decide(exit.code(), "")).isEqualTo(exit.retry() ? "RETRY" : "EXIT");
  }

  @ParameterizedTest
  @CsvSource({
    "137, '', RETRY",
    "139, '', RETRY",
    "137, 'Host EC2 (instance i-0123) terminated.', RETRY",
  })
  void killsAndLostHostsAreRetried(int code, String statusReason, String action) throws Exception {
    assertThat(decide(code, statusReason)).isEqualTo(action);
  }

  private static String decide(int code, String statusReason) throws Exception {
    RetryStrategyRules rules = RetryStrategyRules.read();
    // The limits of AWS Batch.
    assertThat(rules.attempts()).isBetween(1, 10);
    assertThat(rules.size()).isBetween(1, 5);
    return rules.decide(Integer.toString(code), statusReason);
  }
}
