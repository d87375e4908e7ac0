package dev.kiln.cli;

import dev.kiln.error.ConfigurationException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Values of options from the environment: {@code --items-per-job} from {@code KILN_ITEMS_PER_JOB},
 * else from a name that earlier scripts use. Which shard a job takes is not found here but in
 * {@link dev.kiln.archive.Shard}, which knows the schedulers. What stands on the command line wins;
 * an empty variable counts as not set.
 */
final class EnvironmentDefaults implements IDefaultValueProvider {
  private static final String PREFIX = "KILN_";

  /** Read by the launcher, or where TensorRT is looked for, not by an option. */
  private static final Set<String> NOT_OPTIONS =
      Set.of("KILN_JAVA_OPTS", "KILN_NO_INSTALL", "KILN_TENSORRT");

  /** Other names, tried in this order after the option's own. */
  private static final List<OtherName> OTHER_NAMES =
      List.of(
          new OtherName("KILN_DEBUG", "--stacktrace"),
          new OtherName("EMBEDDING_BATCH_SIZE", "--batch"),
          new OtherName("EMBEDDINGS_BUCKET", "--out", bucket -> "s3://" + bucket),
          new OtherName("LIMIT_TO_STATE", "--state"),
          new OtherName("ENDPOINT_URL", "--endpoint"));

  private record OtherName(String variable, String option, UnaryOperator<String> value) {
    OtherName(String variable, String option) {
      this(variable, option, UnaryOperator.identity());
    }
  }

  /** A variable of the environment and the option value it stands for. */
  record Variable(String name, String value) {}

  private final Map<String, String> environment;

  EnvironmentDefaults(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public String defaultValue(ArgSpec argument) {
    return find(argument).map(Variable::value).orElse(null);
  }

  /** The variable that sets this option; none for positional parameters, help and version. */
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
              return new Variable(
                  name.variable(), option.typeInfo().isBoolean() ? flag(value) : value);
            });
  }

  /**
   * Refuses a {@code KILN_} variable that no option of any command reads: a misspelt one would
   * otherwise be ignored in silence.
   *
   * @throws ConfigurationException that names it
   */
  void refuseUnknown(CommandLine root) {
    Set<String> known = new TreeSet<>(NOT_OPTIONS);
    OTHER_NAMES.forEach(other -> known.add(other.variable()));
    addNames(root, known);
    for (String name : environment.keySet()) {
      if (name.startsWith(PREFIX) && !known.contains(name)) {
        String option =
            "--" + name.substring(PREFIX.length()).toLowerCase(Locale.ROOT).replace('_', '-');
        throw new ConfigurationException(
            "environment variable "
                + name
                + ": no command has an option "
                + option
                + "; correct its name or unset it");
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

  /** Shells say 1 and 0 where the command line says true and false. */
  private static String flag(String value) {
    return switch (value) {
      case "1" -> "true";
      case "0" -> "false";
      default -> value;
    };
  }
}
