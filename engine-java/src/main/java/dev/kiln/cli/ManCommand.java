package dev.kiln.cli;

import dev.kiln.error.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code kiln man}: prints the manual page of a command. */
@Command(
    name = "man",
    description = "Print the manual page of a command, for man.",
    footer = {
      "",
      "Examples:",
      "  kiln man embed | man -l -",
      "  kiln man --all ~/.local/share/man/man1"
    })
public final class ManCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..*",
      paramLabel = "COMMAND",
      description = "The command (default: kiln itself).")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--all",
      paramLabel = "DIR",
      description = "Write the pages of all commands to this directory instead.")
  private Path directory;

  @Override
  public Integer call() throws IOException {
    CommandLine command = spec.root().commandLine();
    if (directory != null) {
      Files.createDirectories(directory);
      write(command);
      return ExitCode.DONE.code();
    }
    for (String name : names) {
      CommandLine subcommand = command.getSubcommands().get(name);
      if (subcommand == null) {
        throw new UnmatchedArgumentException(command, List.of(name));
      }
      command = subcommand;
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(ManPage.of(command));
    out.flush();
    return ExitCode.DONE.code();
  }

  private void write(CommandLine command) throws IOException {
    Files.writeString(
        directory.resolve(ManPage.name(command.getCommandSpec()) + ".1"), ManPage.of(command));
    for (CommandLine subcommand : command.getSubcommands().values()) {
      write(subcommand);
    }
  }
}
