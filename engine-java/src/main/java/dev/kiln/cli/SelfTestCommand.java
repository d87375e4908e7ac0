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

/** {@code kiln prove}: whether Kiln's device code is right on this machine, and how fast. */
@Command(
    name = "prove",
    description = "Check and measure Kiln on this machine's CUDA device.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:something passed and nothing failed",
      "1:a check failed",
      "79:every check was skipped: there is no CUDA device here"
    },
    footer = {
      "",
      "Writes prove.json and prove.txt. The model has random weights, and is as large as Clay's.",
      "",
      "Example:",
      "  kiln prove --out prove"
    },
    sortOptions = false)
public final class SelfTestCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "kiln-prove",
      description =
          "Where the report goes, and models and scenes meanwhile. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Option(
      names = "--golden",
      paramLabel = "DIR",
      description = "Golden cases and their checkpoint. Default: those of the bundle.")
  private Path golden;

  @Option(names = "--quick", description = "Measure for a minute; figures are rough then.")
  private boolean quick;

  @Option(
      names = "--model-size",
      paramLabel = "SIZE",
      defaultValue = "large",
      description = "micro, tiny, small, base or large. Default: ${DEFAULT-VALUE}.")
  private String modelSize;

  @Option(
      names = "--batches",
      split = ",",
      paramLabel = "N",
      description = "Chips in a batch, each measured. Default: 32,64,128, with --quick 64.")
  private List<Integer> batches;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "NAME",
      description = "Only checks whose names hold this, such as 'patch' or 'tensorrt bf16'.")
  private List<String> only = List.of();

  @Override
  public Integer call() throws IOException {
    List<Integer> sizes = batches != null ? batches : quick ? List.of(64) : List.of(32, 64, 128);
    sizes.forEach(size -> Range.atLeast("--batches", size, 1));
    PrintWriter print = spec.commandLine().getOut();
    Files.createDirectories(out);
    SelfTest.Options options =
        new SelfTest.Options(
            out.resolve("work"), goldenCases(), quick, Architecture.named(modelSize), sizes, only);
    SelfTestReport report =
        SelfTest.run(
            options,
            Version.number(),
            soFar -> {
              write(soFar);
              print.print(soFar.lastRows());
              print.flush();
            });
    print.printf("%n%s%n", out.resolve("prove.txt"));
    print.flush();
    return report.exitCode();
  }

  private void write(SelfTestReport report) {
    try {
      Files.write(out.resolve("prove.json"), report.json());
      Files.writeString(out.resolve("prove.txt"), report.table());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Optional<Path> goldenCases() {
    if (golden != null) {
      return Optional.of(golden);
    }
    // The bundle's launcher says where it keeps them.
    return Optional.ofNullable(System.getProperty("kiln.golden")).map(Path::of);
  }
}
