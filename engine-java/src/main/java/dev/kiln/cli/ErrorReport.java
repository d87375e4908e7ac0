package dev.kiln.cli;

import dev.kiln.error.ExitCode;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.function.BooleanSupplier;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what a command threw into one line for the user and the exit code for the scheduler. */
final class ErrorReport implements IExecutionExceptionHandler, IParameterExceptionHandler {
  private final EnvironmentDefaults defaults;
  private final BooleanSupplier stacktrace;

  /**
   * @param defaults to name the environment variable that a refused value came from
   * @param stacktrace asked at the time of the fault: whether to show where it arose
   */
  ErrorReport(EnvironmentDefaults defaults, BooleanSupplier stacktrace) {
    this.defaults = defaults;
    this.stacktrace = stacktrace;
  }

  @Override
  public int handleParseException(ParameterException fault, String[] arguments) {
    CommandLine command = fault.getCommandLine();
    PrintWriter err = command.getErr();
    String origin =
        defaults
            .find(fault.getArgSpec())
            .filter(variable -> variable.value().equals(fault.getValue()))
            .map(variable -> " (from environment variable " + variable.name() + ")")
            .orElse("");
    err.println("kiln: " + fault.getMessage() + origin);
    UnmatchedArgumentException.printSuggestions(fault, err);
    err.println("See '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return ExitCode.USAGE.code();
  }

  @Override
  public int handleExecutionException(Exception fault, CommandLine command, ParseResult parsed) {
    return report(fault, command.getErr());
  }

  /** Writes the line, and the stack trace where that helps; returns the exit code. */
  int report(Throwable fault, PrintWriter err) {
    ExitCode code = ExitCode.of(fault);
    if (code == ExitCode.INTERNAL) {
      LoggerFactory.getLogger(ErrorReport.class).error("internal error", fault);
      err.println("kiln: internal error, a bug in Kiln: " + fault);
    } else {
      if (stacktrace.getAsBoolean()) {
        fault.printStackTrace(err);
      }
      err.println("kiln: " + message(fault));
    }
    err.flush();
    return code.code();
  }

  private static String message(Throwable fault) {
    if (fault instanceof UncheckedIOException unchecked) {
      return message(unchecked.getCause());
    }
    // These carry nothing but the path.
    if (fault instanceof NoSuchFileException) {
      return "no such file: " + fault.getMessage();
    }
    if (fault instanceof AccessDeniedException) {
      return "permission denied: " + fault.getMessage();
    }
    if (fault instanceof NotDirectoryException) {
      return "not a directory: " + fault.getMessage();
    }
    boolean onlyPath = fault instanceof FileSystemException file && (file.getReason() == null);
    if (onlyPath || fault.getMessage() == null) {
      return fault.toString();
    }
    return fault.getMessage();
  }
}
