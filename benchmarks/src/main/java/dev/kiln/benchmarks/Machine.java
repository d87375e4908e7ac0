package dev.kiln.benchmarks;

import dev.kiln.raster.GdalLibrary;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Describes the machine and software of a measurement. */
final class Machine {
  private Machine() {}

  /** Returns names and versions in the order of printing. */
  static Map<String, String> describe() throws IOException, InterruptedException {
    Map<String, String> machine = new LinkedHashMap<>();
    machine.put("revision", print("git", "describe", "--always", "--dirty"));
    machine.put("JVM", System.getProperty("java.vm.name") + " " + Runtime.version());
    int processors = Runtime.getRuntime().availableProcessors();
    machine.put("CPU", field(Path.of("/proc/cpuinfo"), "model name") + " × " + processors);
    machine.put("GPU", gpus());
    machine.put("GDAL", GdalLibrary.require());
    machine.put("load", load());
    return machine;
  }

  /** Returns the load average of the minute before the measurement. */
  private static String load() throws IOException {
    Path file = Path.of("/proc/loadavg");
    return Files.exists(file) ? Files.readString(file).split(" ")[0] : "unknown";
  }

  private static String gpus() throws IOException {
    Path driver = Path.of("/proc/driver/nvidia/gpus");
    if (!Files.isDirectory(driver)) {
      return "none";
    }
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> gpus = Files.newDirectoryStream(driver)) {
      for (Path gpu : gpus) {
        names.add(field(gpu.resolve("information"), "Model"));
      }
    }
    return names.isEmpty() ? "none" : String.join(", ", names);
  }

  /** Returns the first value with a name in a file of {@code name: value} lines. */
  private static String field(Path file, String name) throws IOException {
    if (!Files.exists(file)) {
      return System.getProperty("os.arch");
    }
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(name))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .orElse("unknown");
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
