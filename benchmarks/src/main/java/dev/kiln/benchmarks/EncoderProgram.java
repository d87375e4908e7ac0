package dev.kiln.benchmarks;

import dev.kiln.infer.Encoder;
import dev.kiln.infer.Patchify;
import dev.kiln.memory.Strip;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.selftest.Candidate;
import dev.kiln.selftest.EncoderCandidates;
import dev.kiln.selftest.RandomStrip;
import dev.kiln.type.DataType;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * Process that opens an encoder and encodes some chips, to measure what needs a process of its own:
 * start time, peak memory, and oneDNN's trace of operations.
 */
final class EncoderProgram {
  /** Prefix of the lines of this program, among those of libraries. */
  static final String MARK = "kiln: ";

  private static final String PLATFORM = "naip";
  private static final int CHIP_SIZE = 256;
  private static final long SEED = 7;
  private static final float GSD = 0.6f;

  private EncoderProgram() {}

  /**
   * Runs the process.
   *
   * @param candidate name of an encoder candidate
   * @param operations whether to trace oneDNN, and to run each operation alone as well
   * @return all lines that it printed
   */
  static List<String> run(ModelDirectory model, String candidate, int chips, boolean operations)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Dorg.bytedeco.javacpp.maxBytes=0",
            "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
            "-cp",
            System.getProperty("java.class.path"),
            EncoderProgram.class.getName(),
            model.path().toString(),
            candidate,
            Integer.toString(chips),
            Boolean.toString(operations));
    builder.environment().putIfAbsent("OMP_WAIT_POLICY", "passive");
    if (operations) {
      builder.environment().put("ONEDNN_VERBOSE", "profile_exec");
    }
    Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    List<String> lines = new ArrayList<>();
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      output.lines().forEach(lines::add);
    }
    if (process.waitFor() != 0) {
      throw new IOException(model.path() + " " + candidate + ": " + lines);
    }
    return lines;
  }

  /** Returns the number that the process printed with a name. */
  static double value(List<String> lines, String name) {
    String start = MARK + name + " ";
    return lines.stream()
        .filter(line -> line.startsWith(start))
        .mapToDouble(line -> Double.parseDouble(line.substring(start.length())))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no " + name + " in " + lines));
  }

  public static void main(String[] arguments) throws Exception {
    ModelDirectory model = ModelDirectory.open(Path.of(arguments[0]));
    Candidate candidate = EncoderCandidates.named(arguments[1]);
    int chips = Integer.parseInt(arguments[2]);
    long start = System.nanoTime();
    long startCores = CoreTime.nanos();
    try (Encoder encoder =
            candidate.opener().open(model.encoder(PLATFORM, CHIP_SIZE), OptionalInt.of(1));
        Strip strip =
            new RandomStrip(CHIP_SIZE, 0, CHIP_SIZE, 0, 0)
                .draw(PlatformCatalog.builtIn().get(PLATFORM), encoder.hostMemory(), SEED)) {
      System.out.println(MARK + "opened " + (System.nanoTime() - start) / 1e9);
      System.out.println(MARK + "openedCores " + (CoreTime.nanos() - startCores) / 1e9);
      EncoderAlone.run(encoder, strip, 1, GSD, 1);
      System.out.println(MARK + "chips");
      long begin = System.nanoTime();
      EncoderAlone.run(encoder, strip, 1, GSD, chips);
      System.out.println(MARK + "encoded " + (System.nanoTime() - begin) / 1e9);
    }
    System.out.println(MARK + "peak " + peakBytes());
    if (Boolean.parseBoolean(arguments[3])) {
      System.out.println(MARK + "alone");
      try (PlainOperations alone = new PlainOperations(candidate.precision() == DataType.BF16)) {
        alone.run(model.architecture(), patches());
      }
      System.out.println(MARK + "end");
    }
  }

  /** Returns the layout of the encoded chips. */
  static Patchify patches() {
    return new Patchify(PlatformCatalog.builtIn().get(PLATFORM), CHIP_SIZE);
  }

  /** Returns the peak resident memory of this process in bytes. */
  private static long peakBytes() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(0);
    }
  }
}
