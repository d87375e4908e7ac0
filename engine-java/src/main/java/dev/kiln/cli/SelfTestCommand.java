package dev.kiln.cli;

import dev.kiln.model.Architecture;
import dev.kiln.selftest.SelfTest;
import dev.kiln.selftest.SelfTestReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code kiln selftest}: checks and measures Kiln on the GPU of this machine. */
@Command(
    name = "selftest",
    description = "Check and measure Kiln on the GPU of this machine.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:at least one check passed and none failed",
      "1:a check failed",
      "79:every check was skipped: no CUDA device found"
    },
    footer = {
      "",
      "Writes selftest.json and selftest.txt. The model has random weights and the size of Clay"
          + " v1.5.",
      "",
      "Example:",
      "  kiln selftest --quick"
    })
public final class SelfTestCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "kiln-selftest",
      description = "Directory for the report and temporary files (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Option(
      names = "--golden",
      paramLabel = "DIR",
      description = "Directory with golden cases and their checkpoint (default: the bundle's).")
  private Path golden;

  @Option(names = "--quick", description = "Measure for about one minute; less precise.")
  private boolean quick;

  @Option(
      names = "--model-size",
      paramLabel = "SIZE",
      defaultValue = "large",
      description = "micro, tiny, small, base or large (default: ${DEFAULT-VALUE}).")
  private String modelSize;

  @Option(
      names = "--batches",
      split = ",",
      paramLabel = "N,…",
      description = "Batch sizes to measure (default: 32,64,128; with --quick 64).")
  private List<Integer> batches;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "TEXT,…",
      description = "Run only checks whose names contain one of these, such as 'patch'.")
  private List<String> only = List.of();

  @Override
  public Integer call() throws IOException {
    List<Integer> sizes = batches != null ? batches : quick ? List.of(64) : List.of(32, 64, 128);
    sizes.forEach(size -> Range.atLeast("--batches", size, 1));
    PrintWriter print = spec.commandLine().getOut();
    Files.createDirectories(out);
    SelfTest.Options options =
        new SelfTest.Options(
            out.resolve("work"),
            goldenCases(),
            quick,
            OptionException.parse(() -> Architecture.named(modelSize)),
            sizes,
            only);
    SelfTestReport report =
        SelfTest.run(
            options,
            Version.number(),
            soFar -> {
              write(soFar);
              print.print(soFar.lastRows());
              print.flush();
            });
    print.printf("%n%s%n", out.resolve("selftest.txt"));
    print.flush();
    return report.exitCode();
  }

  private void write(SelfTestReport report) {
    try {
      Files.write(out.resolve("selftest.json"), report.json());
      Files.writeString(out.resolve("selftest.txt"), report.table());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Optional<Path> goldenCases() {
    if (golden != null) {
      return Optional.of(golden);
    }
    // Set by the launcher of the bundle.
    return Optional.ofNullable(System.getProperty("kiln.golden")).map(Path::of);
  }
}
