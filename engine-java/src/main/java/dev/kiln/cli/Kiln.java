package dev.kiln.cli;

import dev.kiln.error.ExitCode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The {@code kiln} command: finds the subcommand, runs it and ends with its exit code. */
@Command(
    name = "kiln",
    header = "Turns imagery archives into Clay embeddings.",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    commandListHeading = "%nCommands:%n",
    footer = {
      "",
      "Every option can also come from the environment: --items-per-job from KILN_ITEMS_PER_JOB.",
      "",
      "In a checkout, ./kiln test runs everything CI checks and ./kiln format formats the sources.",
      "",
      "Example, on whatever machine this is:",
      "  ./kiln demo"
    })
public final class Kiln implements Callable<Integer> {
  static final List<Class<?>> COMMANDS =
      List.of(
          SampleCommand.class,
          ManifestCommand.class,
          ExportCommand.class,
          CompileCommand.class,
          EmbedCommand.class,
          EstimateCommand.class,
          SubmitCommand.class,
          StatusCommand.class,
          RetryCommand.class,
          InspectCommand.class,
          SelfTestCommand.class,
          DoctorCommand.class,
          DemoCommand.class);

  /** How much the log says. */
  enum LogLevel {
    TRACE,
    DEBUG,
    INFO,
    WARN,
    ERROR,
    OFF
  }

  @Spec private CommandSpec spec;

  @Option(
      names = "--log",
      scope = ScopeType.INHERIT,
      defaultValue = "info",
      paramLabel = "LEVEL",
      description = "How much the log says: trace, debug, info (default), warn, error, off.")
  private LogLevel log;

  @Option(
      names = "--stacktrace",
      scope = ScopeType.INHERIT,
      description = "Show where in Kiln an error arose (also: KILN_DEBUG=1).")
  private boolean stacktrace;

  private Kiln() {}

  public static void main(String[] arguments) {
    // Figures are written the same on every machine.
    Locale.setDefault(Locale.ROOT);
    System.exit(commandLine(System.getenv(), COMMANDS).execute(arguments));
  }

  /** No subcommand was named. */
  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE.code();
  }

  /** The whole command line over these subcommands; options default to this environment. */
  static CommandLine commandLine(Map<String, String> environment, List<Class<?>> commands) {
    Kiln kiln = new Kiln();
    CommandLine commandLine = new CommandLine(kiln);
    commands.forEach(commandLine::addSubcommand);
    addHelpToSubcommands(commandLine);

    commandLine
        .getCommandSpec()
        .usageMessage()
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(exitCodes());
    EnvironmentDefaults defaults = new EnvironmentDefaults(environment);
    ErrorReport report = new ErrorReport(defaults, () -> kiln.stacktrace);
    return commandLine
        .setDefaultValueProvider(defaults)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExpandAtFiles(false)
        .setUsageHelpWidth(100)
        .setParameterExceptionHandler(report)
        .setExecutionExceptionHandler(report)
        .setExecutionStrategy(parsed -> kiln.execute(parsed, defaults, report));
  }

  private static Map<String, String> exitCodes() {
    Map<String, String> list = new LinkedHashMap<>();
    for (ExitCode exit : ExitCode.values()) {
      list.put(Integer.toString(exit.code()), exit.meaning());
    }
    return list;
  }

  private static void addHelpToSubcommands(CommandLine parent) {
    for (CommandLine command : parent.getSubcommands().values()) {
      CommandSpec spec = command.getCommandSpec();
      spec.mixinStandardHelpOptions(true);
      spec.versionProvider(new Version());
      addHelpToSubcommands(command);
    }
  }

  private int execute(ParseResult parsed, EnvironmentDefaults defaults, ErrorReport report) {
    CommandLine root = parsed.commandSpec().commandLine();
    try {
      Integer helped = CommandLine.executeHelpRequest(parsed);
      if (helped != null) {
        return helped;
      }
      // Loggers read their level once, so before the first of them is made.
      System.setProperty(
          "org.slf4j.simpleLogger.log.dev.kiln", log.name().toLowerCase(Locale.ROOT));
      defaults.refuseUnknown(root);
      return new RunLast().execute(parsed);
    } catch (CommandLine.PicocliException e) {
      // Carries the exception of a command to ErrorReport, or a mistake in its usage.
      throw e;
    } catch (RuntimeException | Error e) {
      return report.report(e, root.getErr());
    }
  }
}
