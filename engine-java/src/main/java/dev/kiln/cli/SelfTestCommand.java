package dev.kiln.cli;

import dev.kiln.error.ExitCode;
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
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code kiln selftest}: checks and measures Kiln on this machine's GPU. */
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
      "Writes selftest.json and selftest.txt after each check. The model has random weights and"
          + " the",
      "size of Clay's.",
      "",
      "Examples:",
      "  kiln selftest --out selftest",
      "  kiln selftest --quick --only 'cuda bf16' --skip embed"
    })
public final class SelfTestCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "kiln-selftest",
      description = "Directory for the report, models and scenes (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Option(
      names = "--golden",
      paramLabel = "DIR",
      description = "Directory with golden cases and their checkpoint (default: the bundle's).")
  private Path golden;

  @Option(names = "--quick", description = "Measure for about one minute; less precise.")
  private boolean quick;

  @Option(
      names = "--prepare",
      description = "Only create the models, which needs no GPU, and keep them in --out.")
  private boolean prepare;

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
      paramLabel = "TEXT",
      description =
          "Run only checks whose names contain this, such as 'cuda bf16, Clay'; repeatable.")
  private List<String> only = List.of();

  @Option(
      names = "--skip",
      paramLabel = "TEXT",
      description = "Skip checks whose names contain this, such as 'embed'; repeatable.")
  private List<String> skip = List.of();

  @Option(
      names = "--peers",
      paramLabel = "FILE",
      description =
          "Results of PyTorch on this GPU, which benchmarks/peers/clay_torch.py writes: they enter"
              + " the report, and throughput is compared with them.")
  private Path peers;

  @Mixin private TraceFlags traceFlags;

  @Override
  public Integer call() throws IOException {
    List<Integer> sizes = batches != null ? batches : quick ? List.of(64) : List.of(32, 64, 128);
    sizes.forEach(size -> Range.atLeast("--batches", size, 1));
    traceFlags.apply();
    PrintWriter print = spec.commandLine().getOut();
    SelfTest.Options options =
        SelfTest.Options.of(out.resolve("work"))
            .withGolden(goldenCases())
            .withQuick(quick)
            .withModel(OptionException.parse(() -> Architecture.named(modelSize)))
            .withBatches(sizes)
            .withOnly(only)
            .withSkip(skip);
    if (peers != null) {
      options = options.withPeers(peers);
    }
    Files.createDirectories(out);
    if (prepare) {
      SelfTest.prepare(options);
      print.printf("%s%n", options.work());
      print.flush();
      return ExitCode.DONE.code();
    }
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
    // The bundle's launcher sets the property.
    return golden != null
        ? Optional.of(golden)
        : Optional.ofNullable(System.getProperty("kiln.golden")).map(Path::of);
  }
}
