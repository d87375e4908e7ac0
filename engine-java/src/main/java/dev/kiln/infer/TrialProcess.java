package dev.kiln.infer;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A first run of a kernel in a process of its own: one that fails can end its process, or leave it
 * unable to use a device.
 */
public final class TrialProcess {
  private static final Logger log = LoggerFactory.getLogger(TrialProcess.class);

  private TrialProcess() {}

  /**
   * Runs a trial unless it has succeeded before. Failures are not stored: the next start repeats
   * the trial.
   *
   * @param stored exists after a success; its name contains everything on which the result depends
   * @param trial returns how it failed, or an empty string
   * @return how the trial failed; empty if it succeeded, now or before
   */
  public static String once(Path stored, Supplier<String> trial) {
    if (Files.exists(stored)) {
      return "";
    }
    String failure = trial.get();
    if (failure.isEmpty()) {
      try {
        Files.createDirectories(stored.getParent());
        Files.writeString(stored, "");
      } catch (IOException e) {
        // The next start only has to repeat the trial.
        log.warn("cannot write {}: {}", stored, e.toString());
      }
    }
    return failure;
  }

  /**
   * Runs a program of Kiln in another process.
   *
   * @param main its class
   * @param arguments its arguments
   * @param seconds most seconds that it may take
   * @return how it failed, with the last line that it printed; empty if it ended with 0
   */
  public static String run(Class<?> main, List<String> arguments, int seconds) {
    return run(command(main, arguments), seconds);
  }

  /** Returns how the trial failed; empty if it succeeded. */
  static String run(List<String> command, int seconds) {
    Process process = null;
    try {
      Path output = Files.createTempFile("kiln-trial", ".txt");
      try {
        process =
            new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
          return "did not end within %d s".formatted(seconds);
        }
        if (process.exitValue() == 0) {
          return "";
        }
        List<String> lines = Files.readAllLines(output);
        return "ended with %d: %s"
            .formatted(process.exitValue(), lines.isEmpty() ? "" : lines.get(lines.size() - 1));
      } finally {
        Files.deleteIfExists(output);
      }
    } catch (IOException e) {
      return "cannot be started: " + e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "was interrupted";
    } finally {
      if (process != null) {
        process.destroyForcibly();
      }
    }
  }

  private static List<String> command(Class<?> main, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Where the libraries and compiled kernels are.
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("-Dorg.bytedeco."))
        .forEach(command::add);
    for (String property : List.of("kiln.kernels", "kiln.cache", "java.io.tmpdir")) {
      String value = System.getProperty(property);
      if (value != null) {
        command.add("-D" + property + "=" + value);
      }
    }
    command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path").replace("\n", File.pathSeparator),
            main.getName()));
    command.addAll(arguments);
    return command;
  }
}
