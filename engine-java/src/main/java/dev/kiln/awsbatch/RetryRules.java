package dev.kiln.awsbatch;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.services.batch.model.EvaluateOnExit;
import software.amazon.awssdk.services.batch.model.RetryStrategy;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Retry strategy of the children, from {@code deploy/aws-batch/retry-strategy.json}: which exit
 * codes of Kiln AWS Batch retries.
 */
final class RetryRules {
  private RetryRules() {}

  /** Returns the rules with a number of attempts. */
  static RetryStrategy strategy(int attempts) {
    JsonNode rules;
    try (InputStream in = RetryRules.class.getResourceAsStream("retry-strategy.json")) {
      rules = JsonMapper.shared().readTree(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<EvaluateOnExit> conditions = new ArrayList<>();
    for (JsonNode rule : rules.path("evaluateOnExit")) {
      conditions.add(
          EvaluateOnExit.builder()
              .onStatusReason(text(rule, "onStatusReason"))
              .onExitCode(text(rule, "onExitCode"))
              .onReason(text(rule, "onReason"))
              .action(rule.path("action").asString())
              .build());
    }
    return RetryStrategy.builder().attempts(attempts).evaluateOnExit(conditions).build();
  }

  private static String text(JsonNode rule, String name) {
    return rule.has(name) ? rule.path(name).asString() : null;
  }
}
