package dev.kiln.cli;

import dev.kiln.error.ExitCode;
import dev.kiln.logging.Logging;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Converts an exception to one line for the user and an exit code for the scheduler. */
final class ErrorReport implements IExecutionExceptionHandler, IParameterExceptionHandler {
  private static final Logger log = LoggerFactory.getLogger(ErrorReport.class);

  private static final String NO_SPACE = "No space left on device";

  /** Options that name what a command writes. */
  private static final Set<String> OUTPUTS = Set.of("-o", "--out", "--dataset", "--scratch");

  private final EnvironmentDefaults defaults;
  private final BooleanSupplier stacktrace;

  /**
   * Creates a report.
   *
   * @param defaults finds the environment variable that an invalid value came from
   * @param stacktrace evaluated when an error is reported: whether to print the stack trace
   */
  ErrorReport(EnvironmentDefaults defaults, BooleanSupplier stacktrace) {
    this.defaults = defaults;
    this.stacktrace = stacktrace;
  }

  @Override
  public int handleParseException(ParameterException thrown, String[] arguments) {
    CommandLine command = thrown.getCommandLine();
    // An unknown option is the better hint: the missing one may be the same, misspelled.
    ParameterException error =
        thrown instanceof MissingParameterException
            ? unknownOption(command, arguments).map(ParameterException.class::cast).orElse(thrown)
            : thrown;
    PrintWriter err = command.getErr();
    String origin =
        defaults
            .find(error.getArgSpec())
            .filter(variable -> variable.value().equals(error.getValue()))
            .map(variable -> " (from " + variable.origin() + ")")
            .orElse("");
    err.println("kiln: " + choices(error).orElse(error.getMessage()) + origin);
    UnmatchedArgumentException.printSuggestions(error, err);
    err.println("See '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return ExitCode.USAGE.code();
  }

  /**
   * Returns the message for a value that is none of the choices of an option or parameter, as users
   * write them.
   */
  private static Optional<String> choices(ParameterException error) {
    ArgSpec argument = error.getArgSpec();
    if (argument == null || !argument.typeInfo().isEnum() || error.getValue() == null) {
      return Optional.empty();
    }
    String name =
        argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
    String names = String.join(", ", argument.typeInfo().getEnumConstantNames());
    return Optional.of(
        "%s: expected one of %s, found %s"
            .formatted(name, names.toLowerCase(Locale.ROOT), error.getValue()));
  }

  private static Optional<UnmatchedArgumentException> unknownOption(
      CommandLine command, String[] arguments) {
    for (String argument : arguments) {
      if (argument.equals("--")) {
        break;
      }
      String name = argument.replaceFirst("=.*", "");
      if (name.matches("--?[A-Za-z].*") && command.getCommandSpec().findOption(name) == null) {
        return Optional.of(new UnmatchedArgumentException(command, List.of(argument)));
      }
    }
    return Optional.empty();
  }

  @Override
  public int handleExecutionException(Exception error, CommandLine command, ParseResult parsed) {
    return report(withPlace(error, parsed), command.getErr());
  }

  /** Names the options of output in the error of a full disk, which names no file. */
  private static Throwable withPlace(Exception error, ParseResult parsed) {
    Throwable cause =
        error instanceof UncheckedIOException unchecked ? unchecked.getCause() : error;
    if (!(cause instanceof IOException) || !NO_SPACE.equals(cause.getMessage())) {
      return error;
    }
    ParseResult command = parsed;
    while (command.hasSubcommand()) {
      command = command.subcommand();
    }
    String places =
        command.matchedOptions().stream()
            .filter(option -> Stream.of(option.names()).anyMatch(OUTPUTS::contains))
            .map(option -> option.longestName() + " " + option.getValue())
            .collect(Collectors.joining(" or "));
    return places.isEmpty()
        ? error
        : new IOException(NO_SPACE + ": free space, or change " + places, cause);
  }

  /** Prints the error, with a stack trace if requested, and returns the exit code. */
  int report(Throwable error, PrintWriter err) {
    ExitCode code = error instanceof OptionException ? ExitCode.USAGE : ExitCode.of(error);
    if (code == ExitCode.INTERNAL) {
      log.error("internal error", error);
      err.println("kiln: internal error, a bug in Kiln: " + error);
    } else if (Logging.format() == Logging.Format.JSON) {
      log.error("{}", message(error), stacktrace.getAsBoolean() ? error : null);
    } else {
      if (stacktrace.getAsBoolean()) {
        error.printStackTrace(err);
      }
      err.println("kiln: " + message(error));
    }
    err.flush();
    return code.code();
  }

  private static String message(Throwable error) {
    if (error instanceof UncheckedIOException unchecked) {
      return message(unchecked.getCause());
    }
    // The messages of these are only the path.
    if (error instanceof NoSuchFileException) {
      return "no such file: " + error.getMessage();
    }
    if (error instanceof AccessDeniedException) {
      return "permission denied: " + error.getMessage();
    }
    if (error instanceof NotDirectoryException) {
      return "not a directory: " + error.getMessage();
    }
    boolean onlyPath = error instanceof FileSystemException file && (file.getReason() == null);
    if (onlyPath || error.getMessage() == null) {
      return error.toString();
    }
    return error.getMessage();
  }
}
