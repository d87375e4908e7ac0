package dev.kiln.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Evaluates {@code deploy/aws-batch/retry-strategy.json} as AWS Batch does. */
public final class RetryStrategyRules {
  private static final Path FILE = Path.of("../deploy/aws-batch/retry-strategy.json");

  private final JsonNode strategy;

  private RetryStrategyRules(JsonNode strategy) {
    this.strategy = strategy;
  }

  public static RetryStrategyRules read() throws IOException {
    return new RetryStrategyRules(JsonMapper.shared().readTree(Files.readAllBytes(FILE)));
  }

  public int attempts() {
    return strategy.path("attempts").asInt();
  }

  /** Returns the number of rules. */
  public int size() {
    return strategy.path("evaluateOnExit").size();
  }

  /**
   * Returns {@code RETRY} or {@code EXIT}: the action of the first matching rule; a job that
   * matches no rule is retried.
   *
   * @param exitCode exit code; empty if the instance disappeared first
   * @param statusReason status reason of the job
   */
  public String decide(String exitCode, String statusReason) {
    for (JsonNode rule : strategy.path("evaluateOnExit")) {
      if (matches(rule, "onExitCode", exitCode)
          && matches(rule, "onStatusReason", statusReason)
          && matches(rule, "onReason", "")) {
        return rule.path("action").asString();
      }
    }
    return "RETRY";
  }

  /** An absent condition matches; a pattern may end in an asterisk. */
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
