package dev.kiln.cli;

import dev.kiln.error.ExitCode;
import dev.kiln.run.EngineVersion;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * The manual page of a command, in the man macros of roff. (picocli's own generator writes
 * AsciiDoc, which needs Asciidoctor to become a manual page.)
 */
final class ManPage {
  private final StringBuilder text = new StringBuilder();

  private ManPage() {}

  /** Returns the page of a command. */
  static String of(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    ManPage page = new ManPage();
    page.head(spec);
    page.options(spec);
    page.commands(command);
    page.tail(command);
    return page.text.toString();
  }

  /** Returns the name of the page, such as {@code kiln-embed}. */
  static String name(CommandSpec spec) {
    return spec.qualifiedName("-");
  }

  private void head(CommandSpec spec) {
    macro("TH %s 1 \"\" \"Kiln %s\" \"Kiln\"", name(spec).toUpperCase(), EngineVersion.number());
    macro("SH NAME");
    line(name(spec) + " \\- " + escaped(summary(spec)));
    macro("SH SYNOPSIS");
    line(escaped(HelpLayout.synopsis(spec).replaceAll("\\R +", " ")));
    macro("SH DESCRIPTION");
    for (String paragraph : spec.usageMessage().description()) {
      macro("PP");
      line(escaped(paragraph));
    }
    for (PositionalParamSpec argument : spec.positionalParameters()) {
      item(argument.paramLabel(), argument.description());
    }
  }

  private static String summary(CommandSpec spec) {
    String[] header = spec.usageMessage().header();
    String[] lines = header.length > 0 ? header : spec.usageMessage().description();
    return lines.length == 0 ? "" : lines[0].replaceFirst("\\.$", "");
  }

  private void options(CommandSpec spec) {
    macro("SH OPTIONS");
    HelpLayout.groups(spec)
        .forEach(
            (heading, options) -> {
              macro("SS %s", heading.title());
              for (OptionSpec option : options) {
                String label = option.arity().max() == 0 ? "" : "=" + option.paramLabel();
                item(String.join(", ", option.names()) + label, option.description());
              }
            });
  }

  private void commands(CommandLine command) {
    if (!command.getSubcommands().isEmpty()) {
      macro("SH COMMANDS");
      command
          .getSubcommands()
          .forEach(
              (name, sub) ->
                  item(name(sub.getCommandSpec()), new String[] {summary(sub.getCommandSpec())}));
    }
  }

  private void tail(CommandLine command) {
    List<String> footer = Arrays.asList(command.getCommandSpec().usageMessage().footer());
    if (!footer.isEmpty()) {
      macro("SH EXAMPLES");
      macro("nf");
      footer.stream().filter(line -> !line.matches("Examples?:")).forEach(l -> line(escaped(l)));
      macro("fi");
    }
    macro("SH EXIT STATUS");
    for (ExitCode code : ExitCode.values()) {
      item(Integer.toString(code.code()), new String[] {code.meaning()});
    }
    CommandLine parent = command.getParent();
    if (parent != null) {
      macro("SH SEE ALSO");
      line(
          parent.getSubcommands().values().stream()
              .filter(other -> other != command)
              .map(other -> "\\fB" + escaped(name(other.getCommandSpec())) + "\\fR(1)")
              .collect(
                  Collectors.joining(
                      ", ", "\\fB" + escaped(name(parent.getCommandSpec())) + "\\fR(1), ", "")));
    }
  }

  private void item(String term, String[] description) {
    macro("TP");
    line("\\fB" + escaped(term) + "\\fR");
    line(escaped(String.join(" ", description).replace("%%", "%").replace("%n", " ").strip()));
  }

  private void macro(String format, Object... values) {
    text.append('.').append(format.formatted(values)).append('\n');
  }

  private void line(String line) {
    // A dot or quote at the start of a line would be a macro.
    text.append(line.startsWith(".") || line.startsWith("'") ? "\\&" : "")
        .append(line)
        .append('\n');
  }

  private static String escaped(String plain) {
    return plain.replace("\\", "\\e").replace("-", "\\-");
  }
}
