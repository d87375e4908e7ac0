package dev.kiln.benchmarks;

import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.Patchify;
import dev.kiln.infer.PrecisionRequest;
import dev.kiln.infer.select.Encoders;
import dev.kiln.memory.Strip;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.type.DataType;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Opens an encoder and encodes some chips, in a process of its own: for what can be seen only so,
 * the time until it is ready, the memory that it takes, and what oneDNN tells of each operation.
 */
final class EncoderProgram {
  /** Begins a line that this program says, among those of libraries. */
  static final String MARK = "kiln: ";

  private static final String PLATFORM = "naip";
  private static final int CHIP = 256;
  private static final float GSD = 0.6f;

  private EncoderProgram() {}

  /**
   * Runs it.
   *
   * @param operations whether oneDNN is to tell of each operation, and those that the encoder needs
   *     are to be timed alone as well
   * @return all lines that it printed
   */
  static List<String> run(
      ModelDirectory model, String kind, DataType precision, int chips, boolean operations)
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
            kind,
            precision.name(),
            Integer.toString(chips),
            Boolean.toString(operations));
    builder.environment().putIfAbsent("OMP_WAIT_POLICY", "passive");
    if (operations) {
      builder.environment().put("ONEDNN_VERBOSE", "profile_exec");
    }
    Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    List<String> lines = new ArrayList<>();
    try (BufferedReader said =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      said.lines().forEach(lines::add);
    }
    if (process.waitFor() != 0) {
      throw new IOException(model.path() + " " + kind + " " + precision + ": " + lines);
    }
    return lines;
  }

  /** The number that this program said under a name. */
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
    DataType precision = DataType.valueOf(arguments[2]);
    int chips = Integer.parseInt(arguments[3]);
    EncoderOptions options =
        EncoderOptions.of(EncoderOptions.Kind.valueOf(arguments[1]))
            .withPrecision(PrecisionRequest.fixed(precision))
            .withBatchSize(1);
    long start = System.nanoTime();
    long startCores = CoreTime.nanos();
    try (Encoder encoder = Encoders.open(model.encoder(PLATFORM, CHIP), options);
        Strip strip = NoiseStrip.of(CHIP, 1)) {
      System.out.println(MARK + "opened " + (System.nanoTime() - start) / 1e9);
      System.out.println(MARK + "openedCores " + (CoreTime.nanos() - startCores) / 1e9);
      EncoderAlone.run(encoder, strip, 1, GSD, 1);
      System.out.println(MARK + "chips");
      long begin = System.nanoTime();
      EncoderAlone.run(encoder, strip, 1, GSD, chips);
      System.out.println(MARK + "encoded " + (System.nanoTime() - begin) / 1e9);
    }
    System.out.println(MARK + "peak " + peakBytes());
    if (Boolean.parseBoolean(arguments[4])) {
      System.out.println(MARK + "alone");
      try (PlainOperations alone = new PlainOperations(precision == DataType.BF16)) {
        alone.run(model.architecture(), patches());
      }
      System.out.println(MARK + "end");
    }
  }

  /** Layout of the chips that it encodes. */
  static Patchify patches() {
    return new Patchify(PlatformCatalog.builtIn().get(PLATFORM), CHIP);
  }

  /** Most memory that the process held at once, in bytes. */
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
