package dev.kiln.cli;

import dev.kiln.cli.EnvironmentDefaults.Variable;
import dev.kiln.fetch.ObjectStores;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The value of each option and where it comes from, for the log of a run. */
final class ResolvedOptions {
  private static final List<String> SECRET = List.of("KEY", "SECRET", "TOKEN", "PASSWORD");

  private ResolvedOptions() {}

  /**
   * Returns one line per option that has a value, such as {@code --batch 64 (environment variable
   * KILN_BATCH)}. Values of options named like a secret are masked.
   *
   * @param result of the root command; the innermost subcommand is described
   */
  static List<String> describe(ParseResult result) {
    ParseResult command = result;
    while (command.hasSubcommand()) {
      command = command.subcommand();
    }
    List<String> lines = new ArrayList<>();
    for (ArgSpec argument : command.commandSpec().args()) {
      Object value = argument.getValue();
      boolean help =
          argument instanceof OptionSpec option && (option.usageHelp() || option.versionHelp());
      if (value != null && !help) {
        lines.add(
            name(argument) + " " + shown(argument, value) + " (" + origin(command, argument) + ")");
      }
    }
    return lines;
  }

  /** Returns one line per option that was set, and one line with all defaults. */
  static List<String> summarise(ParseResult result) {
    String byDefault = " (default)";
    List<String> all = describe(result);
    List<String> lines =
        new ArrayList<>(all.stream().filter(line -> !line.endsWith(byDefault)).toList());
    lines.add(
        all.stream()
            .filter(line -> line.endsWith(byDefault))
            .map(line -> line.substring(0, line.length() - byDefault.length()))
            .collect(Collectors.joining(" ", "defaults: ", "")));
    return lines;
  }

  /**
   * Returns the command line as text for a shell, with credentials in URIs masked.
   *
   * @param result of the root command
   */
  static String command(ParseResult result) {
    return result.originalArgs().stream()
        .map(ObjectStores::redacted)
        .map(ResolvedOptions::quoted)
        .collect(Collectors.joining(" ", "kiln ", ""));
  }

  private static String quoted(String argument) {
    return argument.matches("[A-Za-z0-9_@%+=:,./-]+")
        ? argument
        : "'" + argument.replace("'", "'\\''") + "'";
  }

  private static String name(ArgSpec argument) {
    return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
  }

  private static String shown(ArgSpec argument, Object value) {
    String name = name(argument).toUpperCase(Locale.ROOT);
    return SECRET.stream().anyMatch(name::contains) ? "***" : text(value);
  }

  private static String text(Object value) {
    if (value instanceof Collection<?> several) {
      return several.stream().map(ResolvedOptions::text).collect(Collectors.joining(","));
    }
    if (value.getClass().isArray()) {
      return IntStream.range(0, Array.getLength(value))
          .mapToObj(i -> text(Array.get(value, i)))
          .collect(Collectors.joining(","));
    }
    return value instanceof Enum<?>
        ? value.toString().toLowerCase(Locale.ROOT)
        : ObjectStores.redacted(value.toString());
  }

  private static String origin(ParseResult command, ArgSpec argument) {
    if (command.matchedArgs().contains(argument)) {
      return "command line";
    }
    Optional<Variable> variable =
        command.commandSpec().defaultValueProvider() instanceof EnvironmentDefaults defaults
            ? defaults.find(argument)
            : Optional.empty();
    return variable.map(Variable::origin).orElse("default");
  }
}
