package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * {@code docs/reference/cli.md} is generated from the options of the commands. With {@code
 * UPDATE_DOCS=1} in the environment the test writes the file, otherwise it compares.
 */
class CliReferenceTest {
  private static final Path REFERENCE = Path.of("../docs/reference/cli.md");

  private static final String INTRODUCTION =
      """
      # Command line

      <!-- Generated from the options of the commands. Update:
           UPDATE_DOCS=1 ./kiln test -Dtest=CliReferenceTest -->

      Options take their value after a space or `=`. Every option can also be set in the
      [environment](environment.md), such as `--items-per-job` as `KILN_ITEMS_PER_JOB`, and in a
      [configuration file](environment.md#configuration-file); the command line takes precedence. All commands share the [exit codes](exit-codes.md).

      | Command | Description |
      |---|---|
      """;

  @Test
  void referenceIsUpToDate() throws IOException {
    String expected = reference();
    if ("1".equals(System.getenv("UPDATE_DOCS"))) {
      Files.createDirectories(REFERENCE.getParent());
      Files.writeString(REFERENCE, expected);
    }
    assertThat(REFERENCE)
        .as("regenerate: UPDATE_DOCS=1 ./kiln test -Dtest=CliReferenceTest")
        .content()
        .isEqualTo(expected);
  }

  private static String reference() {
    List<CommandLine> commands = new ArrayList<>();
    collect(Kiln.commandLine(Map.of(), Kiln.COMMANDS), commands);
    StringBuilder text = new StringBuilder(INTRODUCTION);
    for (CommandLine command : commands) {
      CommandSpec spec = command.getCommandSpec();
      text.append("| [`%s`](#%s) | %s |\n".formatted(name(spec), anchor(spec), summary(spec)));
    }
    commands.forEach(command -> describe(command, text));
    return text.toString();
  }

  /** Adds the commands that can be run, in the order of the help. */
  private static void collect(CommandLine command, List<CommandLine> commands) {
    for (CommandLine subcommand : command.getSubcommands().values()) {
      if (subcommand.getCommandSpec().usageMessage().hidden() || commands.contains(subcommand)) {
        continue;
      }
      if (subcommand.getSubcommands().isEmpty()) {
        commands.add(subcommand);
      }
      collect(subcommand, commands);
    }
  }

  private static void describe(CommandLine command, StringBuilder text) {
    CommandSpec spec = command.getCommandSpec();
    text.append("\n## ").append(name(spec)).append("\n\n");
    text.append(String.join("\n", spec.usageMessage().description())).append('\n');
    text.append("\n```\n")
        .append(HelpLayout.synopsis(spec).replaceAll("\\R +", " "))
        .append("\n```\n");
    table("Arguments", rows(spec.positionalParameters()), text);
    HelpLayout.groups(spec)
        .forEach((heading, options) -> table(heading.title(), optionRows(options), text));
    String footer = String.join("\n", spec.usageMessage().footer()).strip();
    if (!footer.isEmpty()) {
      text.append("\n```\n").append(footer).append("\n```\n");
    }
  }

  private static List<String> rows(List<PositionalParamSpec> arguments) {
    return arguments.stream().map(a -> row("`" + a.paramLabel() + "`", a.description())).toList();
  }

  private static List<String> optionRows(List<OptionSpec> options) {
    return options.stream().map(option -> row(names(option), option.description())).toList();
  }

  private static String names(OptionSpec option) {
    String label = option.arity().max() == 0 ? "" : " " + option.paramLabel();
    return Arrays.stream(option.names())
        .map(name -> "`" + name + (name.equals(option.longestName()) ? label : "") + "`")
        .collect(Collectors.joining(", "));
  }

  private static String row(String name, String[] description) {
    return "| %s | %s |"
        .formatted(name.replace("|", "\\|"), String.join(" ", description).replace("|", "\\|"));
  }

  private static void table(String title, List<String> rows, StringBuilder text) {
    if (!rows.isEmpty()) {
      text.append("\n| ").append(title).append(" | |\n|---|---|\n");
      rows.forEach(row -> text.append(row).append('\n'));
    }
  }

  private static String name(CommandSpec spec) {
    return spec.qualifiedName();
  }

  private static String anchor(CommandSpec spec) {
    return name(spec).replace(' ', '-');
  }

  private static String summary(CommandSpec spec) {
    return spec.usageMessage().description()[0];
  }
}
