package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.testing.RetryStrategyRules;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules for AWS Batch agree with Kiln's exit codes. */
class RetryStrategyTest {
  @ParameterizedTest
  @CsvSource({
    ExitCode.SCENES_FAILED + ", '', EXIT",
    ExitCode.CONFIGURATION + ", '', EXIT",
    ExitCode.USAGE + ", '', EXIT",
    ExitCode.TRY_AGAIN + ", '', RETRY",
    ExitCode.TERMINATED + ", '', RETRY",
    ExitCode.INTERNAL + ", '', EXIT",
    "137, '', RETRY",
    "139, '', RETRY",
    "137, 'Host EC2 (instance i-0123) terminated.', RETRY",
  })
  void firstMatchingRuleDecides(int exitCode, String statusReason, String action) throws Exception {
    RetryStrategyRules rules = RetryStrategyRules.read();
    // What AWS Batch allows.
    assertThat(rules.attempts()).isBetween(1, 10);
    assertThat(rules.size()).isBetween(1, 5);
    assertThat(rules.decide(Integer.toString(exitCode), statusReason)).isEqualTo(action);
  }
}
