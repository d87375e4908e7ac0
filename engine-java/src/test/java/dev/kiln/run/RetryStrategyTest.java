package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The rules for AWS Batch agree with Kiln's exit codes. */
class RetryStrategyTest {
  private static final Path RULES = Path.of("../deploy/aws-batch/retry-strategy.json");

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
    JsonNode strategy = JsonMapper.shared().readTree(Files.readAllBytes(RULES));
    // What AWS Batch allows.
    assertThat(strategy.path("attempts").asInt()).isBetween(1, 10);
    assertThat(strategy.path("evaluateOnExit").size()).isBetween(1, 5);
    String decided = "none";
    for (JsonNode rule : strategy.path("evaluateOnExit")) {
      if (matches(rule, "onExitCode", Integer.toString(exitCode))
          && matches(rule, "onStatusReason", statusReason)
          && matches(rule, "onReason", "")) {
        decided = rule.path("action").asString();
        break;
      }
    }
    assertThat(decided).isEqualTo(action);
  }

  /** A condition that is absent holds; a pattern may end in an asterisk. */
  private static boolean matches(JsonNode rule, String condition, String value) {
    if (!rule.has(condition)) {
      return true;
    }
    String pattern = rule.path(condition).asString();
    return pattern.endsWith("*")
        ? value.startsWith(pattern.substring(0, pattern.length() - 1))
        : value.equals(pattern);
  }
}
