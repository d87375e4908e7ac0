package dev.kiln.cli;

import dev.kiln.error.ConfigurationException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Option values from the environment: {@code --items-per-job} from {@code KILN_ITEMS_PER_JOB}, else
 * from a name that earlier scripts use, else from the {@link ConfigFile}. The command line takes
 * precedence; an empty variable is treated as unset. The index variables of array schedulers are
 * read by {@link dev.kiln.archive.Shard}.
 */
final class EnvironmentDefaults implements IDefaultValueProvider {
  private static final Logger log = LoggerFactory.getLogger(EnvironmentDefaults.class);

  private static final String PREFIX = "KILN_";

  /** Variables that Kubernetes sets for a Service whose name starts with {@code kiln}. */
  private static final Pattern SERVICE_LINK =
      Pattern.compile(
          "KILN_(\\w+_)?(SERVICE_(HOST|PORT(_\\w+)?)|PORT(_\\d+_(TCP|UDP|SCTP)(_\\w+)?)?)");

  /** Read by the launcher or when loading TensorRT, not by an option. */
  private static final Set<String> NOT_OPTIONS =
      Set.of("KILN_JAVA_OPTS", "KILN_NO_INSTALL", "KILN_CUBLAS", "KILN_CUDNN", "KILN_TENSORRT");

  /** Other names, looked up in this order if the option's own name is unset. */
  private static final List<OtherName> OTHER_NAMES =
      List.of(
          new OtherName("KILN_DEBUG", "--stacktrace"),
          new OtherName("EMBEDDING_BATCH_SIZE", "--batch"),
          new OtherName(
              "EMBEDDINGS_BUCKET",
              "--out",
              bucket -> bucket.contains("://") ? bucket : "s3://" + bucket),
          new OtherName("LIMIT_TO_STATE", "--state"),
          new OtherName("ENDPOINT_URL", "--out-endpoint"),
          new OtherName("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "--otlp"),
          new OtherName("OTEL_EXPORTER_OTLP_ENDPOINT", "--otlp"));

  private record OtherName(String variable, String option, UnaryOperator<String> value) {
    OtherName(String variable, String option) {
      this(variable, option, UnaryOperator.identity());
    }
  }

  /**
   * The value of an option and where it comes from.
   *
   * @param origin such as {@code environment variable KILN_BATCH}
   */
  record Variable(String origin, String value) {}

  private final Map<String, String> environment;
  private final ConfigFile config;

  EnvironmentDefaults(Map<String, String> environment) {
    this(environment, ConfigFile.none());
  }

  EnvironmentDefaults(Map<String, String> environment, ConfigFile config) {
    this.environment = environment;
    this.config = config;
  }

  @Override
  public String defaultValue(ArgSpec argument) {
    return find(argument).map(Variable::value).orElse(null);
  }

  /** Returns the environment that the defaults come from. */
  Map<String, String> environment() {
    return environment;
  }

  /**
   * Returns the variable, or the line of the configuration file, that sets this option; none for
   * positional parameters, help, version.
   */
  Optional<Variable> find(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option) || !settable(option)) {
      return Optional.empty();
    }
    Stream<OtherName> own = Stream.of(new OtherName(ownName(option), option.longestName()));
    Stream<OtherName> others =
        OTHER_NAMES.stream().filter(other -> other.option().equals(option.longestName()));
    return Stream.concat(own, others)
        .filter(name -> !environment.getOrDefault(name.variable(), "").isEmpty())
        .findFirst()
        .map(
            name -> {
              String value = name.value().apply(environment.get(name.variable()));
              return variable(option, "environment variable " + name.variable(), value);
            })
        .or(
            () ->
                config
                    .find(option)
                    .map(
                        entry ->
                            variable(option, entry.key() + " in " + config.file(), entry.value())));
  }

  private static Variable variable(OptionSpec option, String origin, String value) {
    return new Variable(origin, option.typeInfo().isBoolean() ? flag(value) : value);
  }

  /**
   * Rejects a {@code KILN_} variable that no option of any command reads, because a misspelled one
   * would otherwise be ignored silently; and an unknown key of the configuration file.
   *
   * @throws ConfigurationException if there is one
   */
  void refuseUnknown(CommandLine root) {
    config.refuseUnknown(root);
    Set<String> known = new TreeSet<>(NOT_OPTIONS);
    OTHER_NAMES.forEach(other -> known.add(other.variable()));
    addNames(root, known);
    for (String name : environment.keySet()) {
      if (SERVICE_LINK.matcher(name).matches() && !known.contains(name)) {
        log.warn(
            "ignored environment variable {}: set by Kubernetes for a Service named kiln…; set"
                + " enableServiceLinks: false",
            name);
      } else if (name.startsWith(PREFIX) && !known.contains(name)) {
        String option =
            "--" + name.substring(PREFIX.length()).toLowerCase(Locale.ROOT).replace('_', '-');
        throw new ConfigurationException(
            "environment variable "
                + name
                + ": no command has an option "
                + option
                + "; correct the name or unset it");
      }
    }
  }

  private static void addNames(CommandLine command, Set<String> names) {
    command.getCommandSpec().options().stream()
        .filter(EnvironmentDefaults::settable)
        .map(EnvironmentDefaults::ownName)
        .forEach(names::add);
    command.getSubcommands().values().forEach(subcommand -> addNames(subcommand, names));
  }

  private static boolean settable(OptionSpec option) {
    return option.longestName().startsWith("--") && !option.usageHelp() && !option.versionHelp();
  }

  private static String ownName(OptionSpec option) {
    return PREFIX + option.longestName().substring(2).toUpperCase(Locale.ROOT).replace('-', '_');
  }

  /** Converts 1 and 0 to true and false. */
  private static String flag(String value) {
    return switch (value) {
      case "1" -> "true";
      case "0" -> "false";
      default -> value;
    };
  }
}
