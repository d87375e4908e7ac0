package dev.kiln.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs other programs and measures their CPU time. */
final class Command {
  /** Last line of the shell built-in {@code times}: user and system time of the children. */
  private static final Pattern CHILDREN =
      Pattern.compile("(\\d+)m([\\d.]+)s (\\d+)m([\\d.]+)s\\s*$");

  private Command() {}

  /** Returns whether a program is installed and runs. */
  static boolean runs(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Runs a program and returns its CPU seconds. */
  static double run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("sh", "-c", "\"$@\" && times", "sh"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    Matcher children = CHILDREN.matcher(output);
    if (!process.waitFor(10, TimeUnit.MINUTES) || process.exitValue() != 0 || !children.find()) {
      throw new IOException(command + ": " + output);
    }
    double seconds = 0;
    for (int i = 1; i <= children.groupCount(); i += 2) {
      seconds +=
          60 * Double.parseDouble(children.group(i)) + Double.parseDouble(children.group(i + 1));
    }
    return seconds;
  }
}
