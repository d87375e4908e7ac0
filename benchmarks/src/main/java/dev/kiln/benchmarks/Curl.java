package dev.kiln.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Fetches the same object from the same server with {@code curl}, over one connection, and discards
 * it. A sample is MB/s of at least 1 GiB, process start included.
 *
 * @param file served file
 */
record Curl(Path file) implements Case.Sampler {
  private static final long MEASURABLE_BYTES = 1L << 30;

  /** Returns whether the program is installed. */
  static boolean installed() {
    return Command.runs("curl", "--version");
  }

  @Override
  public List<Case.Sample> sample(Case.Effort effort) throws IOException, InterruptedException {
    List<Case.Sample> samples = new ArrayList<>();
    Path bucket = file.toAbsolutePath().getParent();
    long times = Math.max(1, MEASURABLE_BYTES / Files.size(file));
    long bytes = times * Files.size(file);
    try (ObjectServer server = ObjectServer.start(bucket.getParent())) {
      String url = server.endpoint() + "/" + bucket.getFileName() + "/" + file.getFileName();
      check(url);
      for (int i = 0; i < effort.iterations(); i++) {
        long start = System.nanoTime();
        double coreSeconds =
            Command.run("curl", "-sf", "-o", "/dev/null", url + "?[1-" + times + "]");
        double seconds = (System.nanoTime() - start) / 1e9;
        samples.add(Case.Sample.of(bytes / 1e6, seconds, coreSeconds));
      }
    }
    return samples;
  }

  private void check(String url) throws IOException, InterruptedException {
    Path copy = Files.createTempFile("kiln-curl", ".tif");
    try {
      Command.run("curl", "-sf", "-o", copy.toString(), url);
      if (Files.mismatch(copy, file) >= 0) {
        throw new IllegalStateException(url + ": expected the bytes of " + file + ", found others");
      }
    } finally {
      Files.delete(copy);
    }
  }
}
