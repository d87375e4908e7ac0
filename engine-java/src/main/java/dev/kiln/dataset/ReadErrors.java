package dev.kiln.dataset;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Printable;
import dev.kiln.fetch.UnavailableException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/**
 * Errors of reading a file. One that is due to the file is recorded, and others are read; all other
 * errors (the store cannot be reached, its settings are wrong, the thread is interrupted) would be
 * the same for every file, and end the work.
 */
public final class ReadErrors {
  private ReadErrors() {}

  /**
   * An error of the settings of a store, such as expired credentials. It is wrapped because readers
   * of files throw the same type for damaged files.
   */
  static final class SettingsException extends IOException {
    private static final long serialVersionUID = 1L;

    SettingsException(ConfigurationException cause) {
      super(cause.getMessage(), cause);
    }

    @Override
    public synchronized ConfigurationException getCause() {
      return (ConfigurationException) super.getCause();
    }
  }

  /**
   * Returns if an error is due to the file that was read.
   *
   * @param error that reading threw
   * @throws IOException if the store could not be reached
   * @throws InterruptedException if the thread was interrupted
   * @throws ConfigurationException if the settings of the store must be changed
   */
  public static void requireOfTheFile(Exception error) throws IOException, InterruptedException {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnavailableException unavailable) {
        throw unavailable;
      }
      if (cause instanceof SettingsException settings) {
        throw settings.getCause();
      }
      if (cause instanceof InterruptedException interrupted) {
        throw interrupted;
      }
      if (cause instanceof InterruptedIOException || cause instanceof ClosedByInterruptException) {
        Thread.interrupted();
        InterruptedException interrupted = new InterruptedException("interrupted while reading");
        interrupted.initCause(error);
        throw interrupted;
      }
    }
  }

  /**
   * {@return the reason of an error in one line}
   *
   * @param error whose message may have several lines, or be only a path
   */
  public static String reason(Exception error) {
    if (error instanceof UncheckedIOException wrapped) {
      return reason(wrapped.getCause());
    }
    String message = error.getMessage();
    if (error instanceof FileSystemException failed) {
      message = failed.getReason();
      if (message == null && error instanceof NoSuchFileException) {
        message = "the file does not exist any more";
      }
      if (message == null && error instanceof AccessDeniedException) {
        message = "permission denied";
      }
    }
    String reason = message == null ? error.toString() : message;
    return Printable.of(reason.lines().findFirst().orElse(error.toString()));
  }
}
