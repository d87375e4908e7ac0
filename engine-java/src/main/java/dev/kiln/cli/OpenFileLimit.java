package dev.kiln.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The process's limit on open files. It is checked before anything is loaded: below it, Java fails
 * in the middle of loading classes, with errors that do not name the cause.
 */
final class OpenFileLimit {
  static final Path LIMITS = Path.of("/proc/self/limits");

  /** Jars, native libraries and a few connections; a run of 32 connections has about 120. */
  private static final long LEAST = 256;

  private static final Pattern LINE = Pattern.compile("Max open files\\s+(\\d+)\\s.*");

  private OpenFileLimit() {}

  /**
   * Returns what is wrong with the limit.
   *
   * @param limits file in the form of {@code /proc/self/limits}
   * @return one line for the user; empty if the limit suffices or cannot be read
   */
  static Optional<String> problem(Path limits) {
    try {
      for (String line : Files.readAllLines(limits)) {
        Matcher matcher = LINE.matcher(line);
        if (matcher.matches() && Long.parseLong(matcher.group(1)) < LEAST) {
          return Optional.of(
              "open files: expected a limit of at least %d, found %s: raise it with ulimit -n"
                  .formatted(LEAST, matcher.group(1)));
        }
      }
    } catch (IOException | NumberFormatException e) {
      // Another system, or an unlimited number.
    }
    return Optional.empty();
  }
}
