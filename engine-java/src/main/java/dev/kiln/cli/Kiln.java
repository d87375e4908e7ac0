package dev.kiln.cli;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.ExitCode;
import dev.kiln.logging.Logging;
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
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code kiln} command: runs a subcommand and exits with its exit code. */
@Command(
    name = "kiln",
    header = "Turns imagery archives into Clay embeddings.",
    versionProvider = Version.class,
    commandListHeading = "%nCommands:%n",
    footer = {
      "",
      "Every option can also be set in the environment: --items-per-job as KILN_ITEMS_PER_JOB, and",
      "in kiln.properties: items-per-job, or embed.items-per-job for one command.",
      "",
      "In a checkout, ./kiln test runs all checks of CI and ./kiln format formats the sources.",
      "",
      "First steps, on any machine:",
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
          MergeCommand.class,
          SearchCommand.class,
          IndexCommand.class,
          EstimateCommand.class,
          SubmitCommand.class,
          StatusCommand.class,
          RetryCommand.class,
          CancelCommand.class,
          LogsCommand.class,
          MapCommand.class,
          ExploreCommand.class,
          InspectCommand.class,
          SelfTestCommand.class,
          DoctorCommand.class,
          DemoCommand.class,
          HelpCommand.class,
          CompletionCommand.class,
          ManCommand.class);

  @Spec private CommandSpec spec;

  @Option(
      names = "--log",
      scope = ScopeType.INHERIT,
      defaultValue = "info",
      paramLabel = "LEVEL",
      description =
          "Log level: trace, debug, info, warn, error or off (default: ${DEFAULT-VALUE}).")
  @Heading.Under(Heading.GENERAL)
  private Logging.Level log;

  @Option(
      names = "--log-format",
      scope = ScopeType.INHERIT,
      defaultValue = "text",
      paramLabel = "FORMAT",
      description =
          "Format of the log: text, or json with one object per line, time in UTC, and shard, stage"
              + " and scene as fields (default: ${DEFAULT-VALUE}).")
  @Heading.Under(Heading.GENERAL)
  private Logging.Format logFormat;

  @Option(
      names = "--config",
      scope = ScopeType.INHERIT,
      paramLabel = "FILE",
      description =
          "Properties file with option values (default: kiln.properties here, else in"
              + " ~/.config/kiln).")
  @Heading.Under(Heading.GENERAL)
  private String config;

  @Option(
      names = "--profile",
      scope = ScopeType.INHERIT,
      paramLabel = "NAME",
      description = "Profile of the properties file, whose keys start with %%NAME.")
  @Heading.Under(Heading.GENERAL)
  private String profile;

  @Option(
      names = "--stacktrace",
      scope = ScopeType.INHERIT,
      description = "Print the stack trace of errors (also: KILN_DEBUG=1).")
  @Heading.Under(Heading.GENERAL)
  private boolean stacktrace;

  private Kiln() {}

  public static void main(String[] arguments) {
    // Numbers are formatted the same on every machine.
    Locale.setDefault(Locale.ROOT);
    OpenFileLimit.problem(OpenFileLimit.LIMITS)
        .ifPresent(
            problem -> {
              System.err.println("kiln: " + problem);
              System.exit(ExitCode.CONFIGURATION.code());
            });
    System.exit(run(arguments, System.getenv(), COMMANDS));
  }

  /** Runs a command with option values from the environment and the configuration file. */
  static int run(String[] arguments, Map<String, String> environment, List<Class<?>> commands) {
    ConfigFile config;
    try {
      config = ConfigFile.find(arguments, environment);
    } catch (ConfigurationException e) {
      System.err.println("kiln: " + e.getMessage());
      return ExitCode.CONFIGURATION.code();
    }
    return commandLine(environment, commands, config).execute(arguments);
  }

  /** Prints the usage: there is no subcommand. */
  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE.code();
  }

  /** Returns the command line with these subcommands, with option defaults from the environment. */
  static CommandLine commandLine(Map<String, String> environment, List<Class<?>> commands) {
    return commandLine(environment, commands, ConfigFile.none());
  }

  private static CommandLine commandLine(
      Map<String, String> environment, List<Class<?>> commands, ConfigFile config) {
    Kiln kiln = new Kiln();
    CommandLine commandLine = new CommandLine(kiln);
    commands.forEach(commandLine::addSubcommand);
    addHelp(commandLine);
    HelpLayout.install(commandLine);

    commandLine
        .getCommandSpec()
        .usageMessage()
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(exitCodes());
    EnvironmentDefaults defaults = new EnvironmentDefaults(environment, config);
    ErrorReport report = new ErrorReport(defaults, () -> kiln.stacktrace);
    return commandLine
        .setDefaultValueProvider(defaults)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExpandAtFiles(false)
        .setUsageHelpWidth(100)
        .setColorScheme(CommandLine.Help.defaultColorScheme(ansi(environment)))
        .setParameterExceptionHandler(report)
        .setExecutionExceptionHandler(report)
        .setExecutionStrategy(parsed -> kiln.execute(parsed, defaults, report));
  }

  /** Returns whether help is styled: not where NO_COLOR or a dumb terminal asks for plain text. */
  private static CommandLine.Help.Ansi ansi(Map<String, String> environment) {
    boolean plain =
        !environment.getOrDefault("NO_COLOR", "").isEmpty()
            || environment.getOrDefault("TERM", "").equals("dumb");
    return plain ? CommandLine.Help.Ansi.OFF : CommandLine.Help.Ansi.AUTO;
  }

  /** Returns the meanings of the exit codes. */
  private static Map<String, String> exitCodes() {
    Map<String, String> list = new LinkedHashMap<>();
    for (ExitCode exit : ExitCode.values()) {
      list.put(Integer.toString(exit.code()), exit.meaning());
    }
    return list;
  }

  private static void addHelp(CommandLine command) {
    command.getCommandSpec().mixinStandardHelpOptions(true).versionProvider(new Version());
    command.getSubcommands().values().forEach(Kiln::addHelp);
  }

  private static boolean helpRequested(ParseResult parsed) {
    return parsed.isUsageHelpRequested()
        || parsed.isVersionHelpRequested()
        || parsed.hasSubcommand() && helpRequested(parsed.subcommand());
  }

  /** Rejects unknown commands and options, which the parser does not where help is requested. */
  private static void rejectUnmatched(ParseResult parsed) {
    for (ParseResult result = parsed; result != null; result = result.subcommand()) {
      if (!result.unmatched().isEmpty()) {
        throw new UnmatchedArgumentException(
            result.commandSpec().commandLine(), result.unmatched());
      }
    }
  }

  private int execute(ParseResult parsed, EnvironmentDefaults defaults, ErrorReport report) {
    CommandLine root = parsed.commandSpec().commandLine();
    try {
      if (helpRequested(parsed)) {
        rejectUnmatched(parsed);
      }
      Integer helped = CommandLine.executeHelpRequest(parsed);
      if (helped != null) {
        return helped;
      }
      Logging.configure(log, logFormat);
      defaults.refuseUnknown(root);
      return new RunLast().execute(parsed);
    } catch (CommandLine.PicocliException e) {
      // Carries the exception of a command, or a usage error, to ErrorReport.
      throw e;
    } catch (RuntimeException | Error e) {
      return report.report(e, root.getErr());
    }
  }
}
