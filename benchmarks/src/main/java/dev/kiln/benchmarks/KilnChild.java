package dev.kiln.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Runs {@code kiln} in a child process and measures what it uses. */
final class KilnChild {
  private static final int POLL_MILLIS = 100;
  private static final int SAMPLE_SECONDS = 10;

  private KilnChild() {}

  /**
   * What a process used.
   *
   * @param exitCode of the process
   * @param seconds wall-clock time
   * @param cpuSeconds CPU time, up to the last 0.1 s
   * @param peakRssBytes most resident memory
   * @param rssBytes resident memory, sampled every {@value #SAMPLE_SECONDS} s
   */
  record Use(
      int exitCode, double seconds, double cpuSeconds, long peakRssBytes, List<Long> rssBytes) {}

  /**
   * Runs a command.
   *
   * @param heap value of {@code -Xmx}
   * @param arguments of {@code kiln}
   */
  static Use run(String heap, List<String> arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseParallelGC",
                "-Xmx" + heap,
                "-cp",
                System.getProperty("java.class.path"),
                "dev.kiln.cli.Kiln"));
    command.addAll(arguments);
    long start = System.nanoTime();
    Process process = new ProcessBuilder(command).inheritIO().start();
    Path status = Path.of("/proc", Long.toString(process.pid()), "status");
    long peak = 0;
    List<Long> rss = new ArrayList<>();
    Duration cpu = Duration.ZERO;
    while (process.isAlive()) {
      try {
        cpu = process.info().totalCpuDuration().orElse(cpu);
        for (String line : Files.readAllLines(status)) {
          if (line.startsWith("VmHWM:")) {
            peak = Math.max(peak, kilobytes(line));
          } else if (line.startsWith("VmRSS:")
              && System.nanoTime() - start > rss.size() * SAMPLE_SECONDS * 1_000_000_000L) {
            rss.add(kilobytes(line) * 1024);
          }
        }
      } catch (IOException e) {
        // The process has just ended.
      }
      Thread.sleep(POLL_MILLIS);
    }
    return new Use(
        process.exitValue(),
        (System.nanoTime() - start) / 1e9,
        cpu.toMillis() / 1e3,
        peak * 1024,
        List.copyOf(rss));
  }

  private static long kilobytes(String line) {
    return Long.parseLong(line.replaceAll("\\D", ""));
  }
}
