package dev.kiln.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** How AWS Batch reads {@code deploy/aws-batch/retry-strategy.json}. */
public final class BatchRules {
  private static final Path FILE = Path.of("../deploy/aws-batch/retry-strategy.json");

  private final JsonNode strategy;

  private BatchRules(JsonNode strategy) {
    this.strategy = strategy;
  }

  public static BatchRules read() throws IOException {
    return new BatchRules(JsonMapper.shared().readTree(Files.readAllBytes(FILE)));
  }

  public int attempts() {
    return strategy.path("attempts").asInt();
  }

  /** How many rules there are. */
  public int size() {
    return strategy.path("evaluateOnExit").size();
  }

  /**
   * {@code RETRY} or {@code EXIT}: the first rule that matches decides, and where none does a job
   * is tried again.
   *
   * @param exitCode empty where the machine vanished before there was one
   * @param statusReason of the job
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
