package dev.kiln.testing;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Starts {@code kiln} in a process of its own, from the classes under test. */
public final class KilnProcess {
  private KilnProcess() {}

  /**
   * Starts a process in the environment of this one, without its AWS variables.
   *
   * @param log receives its output
   * @param arguments of the command
   */
  public static Process start(Path log, List<String> arguments) throws IOException {
    return start(log, Map.of(), arguments);
  }

  /**
   * Starts a process.
   *
   * @param log receives its output
   * @param environment added to the environment of this process, without its AWS variables
   * @param arguments of the command
   */
  public static Process start(Path log, Map<String, String> environment, List<String> arguments)
      throws IOException {
    return start(List.of(), log, environment, arguments);
  }

  /**
   * Starts a process whose standard output and error are apart.
   *
   * @param out receives standard output
   * @param err receives standard error
   * @param arguments of the command
   */
  public static Process start(Path out, Path err, List<String> arguments) throws IOException {
    return builder(List.of(), Map.of(), arguments)
        .redirectOutput(out.toFile())
        .redirectError(err.toFile())
        .start();
  }

  /**
   * Starts a process that cannot write files beyond a size, which fails as on a full disk.
   *
   * @param log receives its output
   * @param kilobytes limit on the size of each file
   * @param arguments of the command
   */
  public static Process startLimited(Path log, int kilobytes, List<String> arguments)
      throws IOException {
    List<String> shell =
        List.of("/bin/bash", "-c", "ulimit -f " + kilobytes + "; exec \"$@\"", "-");
    return start(shell, log, Map.of(), arguments);
  }

  private static Process start(
      List<String> prefix, Path log, Map<String, String> environment, List<String> arguments)
      throws IOException {
    return builder(prefix, environment, arguments)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }

  private static ProcessBuilder builder(
      List<String> prefix, Map<String, String> environment, List<String> arguments) {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+UseSerialGC");
    command.add("-XX:TieredStopAtLevel=1");
    if (Runtime.version().feature() >= 22) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    command.add("-cp");
    command.add(
        System.getProperty(
            "surefire.test.class.path", System.getProperty("java.class.path", File.pathSeparator)));
    command.add("dev.kiln.cli.Kiln");
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("AWS_"));
    builder.environment().put("AWS_EC2_METADATA_DISABLED", "true");
    builder.environment().put("AWS_CONFIG_FILE", "/dev/null");
    builder.environment().put("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    builder.environment().putAll(environment);
    return builder;
  }
}
