package dev.kiln.cli;

import dev.kiln.error.ExitCode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code kiln help}: prints the help of a command. */
@Command(
    name = "help",
    description = "Print the help of a command.",
    footer = {"", "Example:", "  kiln help manifest naip"})
public final class HelpCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..*",
      paramLabel = "COMMAND",
      description = "The command (default: kiln itself).")
  private List<String> names = new ArrayList<>();

  @Override
  public Integer call() {
    CommandLine command = spec.root().commandLine();
    for (String name : names) {
      CommandLine subcommand = command.getSubcommands().get(name);
      if (subcommand == null) {
        throw new UnmatchedArgumentException(command, List.of(name));
      }
      command = subcommand;
    }
    command.usage(spec.commandLine().getOut());
    return ExitCode.DONE.code();
  }
}
