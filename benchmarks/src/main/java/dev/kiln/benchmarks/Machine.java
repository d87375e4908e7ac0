package dev.kiln.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/** What a figure was measured on: it stands beside every result. */
final class Machine {
  private Machine() {}

  static Map<String, String> describe() throws IOException, InterruptedException {
    Map<String, String> machine = new LinkedHashMap<>();
    machine.put("revision", print("git", "describe", "--always", "--dirty"));
    machine.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
    machine.put("cpu", cpu() + ", " + Runtime.getRuntime().availableProcessors() + " processors");
    machine.put("gpu", Files.exists(Path.of("/proc/driver/nvidia/version")) ? "NVIDIA" : "none");
    return machine;
  }

  private static String cpu() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .orElse(System.getProperty("os.arch"));
    }
  }

  private static String print(String... command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command).start();
      String text = new String(process.getInputStream().readAllBytes()).strip();
      return process.waitFor() == 0 ? text : "unknown";
    } catch (IOException e) {
      return "unknown";
    }
  }
}
