package dev.kiln.cli;

import dev.kiln.error.ConfigurationException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * Options of {@code kiln embed} that were set for {@code kiln submit}, on its command line or in
 * its environment, and that the children need as well: access to the stores, log level, precision
 * and the like. Children do not inherit the environment, so without this they would run with
 * defaults.
 */
final class ChildOptions {
  /** Options that submit sets itself, or that concern the submitting machine only. */
  private static final Set<String> NOT_HANDED_ON =
      Set.of(
          "--scenes",
          "--stac",
          "--collection",
          "--best",
          "--best-per",
          "--model",
          "--source",
          "--out",
          "--items-per-job",
          "--shards",
          "--index",
          "--first-index",
          "--run-name",
          "--require-gpu",
          "--progress",
          "--dry-run",
          "--json",
          "--config",
          "--profile",
          "--model-cache",
          "--nvtx",
          "--stacktrace");

  /** Secrets of the submitting process; a job definition would show them. */
  private static final List<String> SECRETS = List.of("ENDPOINT_KEY_ID", "ENDPOINT_ACCESS_KEY");

  /** Of OpenTelemetry; they usually have a token. */
  private static final List<String> TOKENS =
      List.of("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_METRICS_HEADERS");

  private ChildOptions() {}

  /**
   * Returns the options to add to those that the user gives for the children.
   *
   * @param submit parsed command line of submit
   * @param defaults its environment and configuration file
   * @param given options for the children, which have precedence
   */
  static List<String> of(ParseResult submit, EnvironmentDefaults defaults, List<String> given) {
    CommandLine embed = Kiln.commandLine(Map.of(), Kiln.COMMANDS).getSubcommands().get("embed");
    List<String> options = new ArrayList<>();
    for (OptionSpec option : embed.getCommandSpec().options()) {
      String name = option.longestName();
      if (!NOT_HANDED_ON.contains(name) && !isGiven(option, given)) {
        matched(submit, name)
            .or(() -> defaults.find(option).map(EnvironmentDefaults.Variable::value))
            .ifPresent(value -> options.add(name + "=" + value));
      }
    }
    return options;
  }

  private static boolean isGiven(OptionSpec option, List<String> given) {
    return given.stream()
        .map(argument -> argument.replaceFirst("=.*", ""))
        .anyMatch(List.of(option.names())::contains);
  }

  /** Returns the value of an option on the command line of submit or of {@code kiln} itself. */
  private static Optional<String> matched(ParseResult submit, String name) {
    Optional<String> found = Optional.empty();
    for (ParseResult command = submit; command != null; command = command.subcommand()) {
      if (command.hasMatchedOption(name)) {
        OptionSpec option = command.matchedOption(name);
        Object value = option.getValue();
        found = Optional.of(String.valueOf(value));
        if (!option.originalStringValues().isEmpty() && !option.typeInfo().isBoolean()) {
          found = Optional.of(option.originalStringValues().get(0));
        }
      }
    }
    return found;
  }

  /**
   * Refuses an access key in the environment that children would not have.
   *
   * @throws ConfigurationException that names the variable
   */
  static void refuseSecrets(Map<String, String> environment) {
    for (String name : SECRETS) {
      if (!environment.getOrDefault(name, "").isEmpty()) {
        throw new ConfigurationException(
            name
                + ": children do not get this key, because everyone who may describe jobs could"
                + " read it; give --job-role access to --out, or use a --definition that has the"
                + " key as a secret");
      }
    }
  }

  /**
   * Refuses tokens for the collector of metrics that children would not have.
   *
   * @param options of the children
   * @param environment of submit
   * @param given variables of the children
   * @throws ConfigurationException that names the variable
   */
  static void refuseTokens(
      List<String> options, Map<String, String> environment, Map<String, String> given) {
    if (options.stream().noneMatch(option -> option.startsWith("--otlp"))) {
      return;
    }
    for (String name : TOKENS) {
      if (!environment.getOrDefault(name, "").isEmpty() && !given.containsKey(name)) {
        throw new ConfigurationException(
            name
                + ": children do not get this variable, because everyone who may describe jobs"
                + " could read it; give it with --env nevertheless, or use a --definition that has"
                + " it as a secret");
      }
    }
  }
}
