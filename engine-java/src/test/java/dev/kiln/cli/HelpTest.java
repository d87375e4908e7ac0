package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The help of every command. */
class HelpTest {
  private static final CommandLine KILN = Kiln.commandLine(Map.of(), Kiln.COMMANDS);

  static Stream<String> commands() {
    List<String> names = new ArrayList<>();
    collect(KILN, names);
    return names.stream();
  }

  private static void collect(CommandLine command, List<String> names) {
    names.add(command.getCommandSpec().qualifiedName());
    command.getSubcommands().values().forEach(subcommand -> collect(subcommand, names));
  }

  private static CommandLine command(String name) {
    CommandLine command = KILN;
    for (String part : name.split(" ")) {
      command = part.equals("kiln") ? command : command.getSubcommands().get(part);
    }
    return command;
  }

  private static String text(OptionSpec option) {
    return String.join(" ", option.description());
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyOptionIsDescribedInASentence(String name) {
    for (OptionSpec option : command(name).getCommandSpec().options()) {
      assertThat(text(option)).as(option.longestName()).matches("(?s)\\S.*[.)]");
    }
  }

  /** A default is printed once, in the words of the description. */
  @ParameterizedTest
  @MethodSource("commands")
  void everyDefaultIsPrintedOnce(String name) {
    for (OptionSpec option : command(name).getCommandSpec().options()) {
      String description = text(option);
      assertThat(description.split("\\(default: ", -1).length - 1)
          .as("%s: %s", option.longestName(), description)
          .isLessThanOrEqualTo(1);
      if (option.defaultValue() != null && option.arity().max() > 0) {
        assertThat(description)
            .as(option.longestName())
            .contains("(default: " + option.defaultValue());
      }
    }
    assertThat(command(name).getUsageMessage())
        .doesNotContain("Default:", "(default: )", "null", "${")
        .doesNotContainPattern("\\(default: *\\)");
  }

  @ParameterizedTest
  @MethodSource("commands")
  void linesFitATerminal(String name) {
    assertThat(command(name).getUsageMessage().lines())
        .allSatisfy(line -> assertThat(line.length()).as(line).isLessThanOrEqualTo(100));
  }

  /** The same option means the same in every command. */
  @Test
  void endpointsAreNamedForWhatTheyServe() {
    assertThat(commands())
        .allSatisfy(
            name ->
                assertThat(
                        command(name).getCommandSpec().options().stream()
                            .map(OptionSpec::longestName)
                            .filter(option -> option.endsWith("endpoint")))
                    .isSubsetOf(
                        "--source-endpoint",
                        "--out-endpoint",
                        "--gs-endpoint",
                        "--az-endpoint",
                        "--aws-batch-endpoint"));
  }

  @Test
  void embedListsItsOptionsUnderHeadings() {
    CommandSpec embed = command("kiln embed").getCommandSpec();
    Map<Heading, List<OptionSpec>> groups = HelpLayout.groups(embed);
    assertThat(groups.keySet())
        .containsExactly(
            Heading.INPUT,
            Heading.OUTPUT,
            Heading.CHIPS,
            Heading.ENCODER,
            Heading.JOB,
            Heading.PERFORMANCE,
            Heading.S3,
            Heading.GENERAL);
    int position = -1;
    String usage = embed.commandLine().getUsageMessage();
    for (Heading heading : groups.keySet()) {
      int next = usage.indexOf("\n" + heading.title() + ":\n");
      assertThat(next).as(heading.title()).isGreaterThan(position);
      position = next;
      for (OptionSpec option : groups.get(heading)) {
        assertThat(usage.indexOf(option.longestName(), position))
            .as(option.longestName())
            .isGreaterThan(position);
      }
    }
  }

  @Test
  void exitCodesAreThoseOfTheTable() {
    String usage = KILN.getUsageMessage();
    for (ExitCode exit : ExitCode.values()) {
      assertThat(usage).containsPattern("\n +" + exit.code() + " +" + exit.meaning().split(" ")[0]);
    }
  }
}
