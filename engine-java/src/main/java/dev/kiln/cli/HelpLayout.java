package dev.kiln.cli;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Lists the options of a command under their {@link Heading}s. */
final class HelpLayout implements IHelpSectionRenderer {
  private static final int SYNOPSIS_WIDTH = 88;
  private static final String ARGUMENTS = "%nArguments:%n";

  /** Uses this layout in the help of a command and of all its subcommands. */
  static void install(CommandLine command) {
    Map<String, IHelpSectionRenderer> sections = command.getHelpSectionMap();
    sections.put(
        UsageMessageSpec.SECTION_KEY_SYNOPSIS,
        help -> synopsis(help.commandSpec()) + System.lineSeparator());
    sections.put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, new HelpLayout());
    command.getCommandSpec().usageMessage().parameterListHeading(ARGUMENTS);
    command.getSubcommands().values().forEach(HelpLayout::install);
  }

  /** Returns the visible options of a command by heading, each in order of declaration. */
  static Map<Heading, List<OptionSpec>> groups(CommandSpec command) {
    Map<Heading, List<OptionSpec>> groups = new EnumMap<>(Heading.class);
    for (OptionSpec option : command.options()) {
      if (!option.hidden()) {
        groups.computeIfAbsent(heading(option), heading -> new ArrayList<>()).add(option);
      }
    }
    return groups;
  }

  /** Returns a command's name, its arguments and its required options, in lines that fit. */
  static String synopsis(CommandSpec command) {
    List<String> parts = new ArrayList<>(List.of(command.qualifiedName()));
    for (PositionalParamSpec argument : command.positionalParameters()) {
      parts.add(
          argument.required() ? argument.paramLabel() : "[-- " + argument.paramLabel() + "…]");
    }
    for (OptionSpec option : command.options()) {
      if (option.required()) {
        parts.add(option.longestName() + "=" + option.paramLabel());
      }
    }
    parts.add("[OPTION…]");
    if (!command.subcommands().isEmpty()) {
      parts.add("COMMAND");
    }
    StringBuilder lines = new StringBuilder();
    int length = 0;
    for (String part : parts) {
      if (length + part.length() > SYNOPSIS_WIDTH) {
        lines.append(System.lineSeparator()).append("          ");
        length = 10;
      }
      lines.append(lines.isEmpty() ? "" : " ").append(part);
      length += part.length() + 1;
    }
    return lines.toString();
  }

  private static Heading heading(OptionSpec option) {
    if (option.usageHelp() || option.versionHelp()) {
      return Heading.GENERAL;
    }
    if (option.userObject() instanceof Field field) {
      Heading.Under onField = field.getAnnotation(Heading.Under.class);
      Heading.Under onClass = field.getDeclaringClass().getAnnotation(Heading.Under.class);
      if (onField != null || onClass != null) {
        return (onField != null ? onField : onClass).value();
      }
    }
    return Heading.OPTIONS;
  }

  @Override
  public String render(Help help) {
    CommandSpec command = help.commandSpec();
    StringBuilder text = new StringBuilder();
    groups(command)
        .forEach(
            (heading, options) -> {
              // All options together set the width of the columns, so that groups are aligned.
              Help.Layout layout =
                  help.createDefaultLayout(
                      command.options(), command.positionalParameters(), help.colorScheme());
              layout.addOptions(options, help.createDefaultParamLabelRenderer());
              text.append(System.lineSeparator())
                  .append(heading.title())
                  .append(":")
                  .append(System.lineSeparator())
                  .append(layout);
            });
    return text.toString();
  }
}
