package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.platform.PlatformCatalog;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a user sees of {@code kiln compile} on a machine without a GPU. */
class CompileCommandTest {
  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");

  @TempDir Path temp;
  private final StringWriter errors = new StringWriter();

  @BeforeEach
  void export() {
    Exporter.export(
        MICRO,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("naip")), List.of(256), false, false),
        temp.resolve("model"));
  }

  private int compile(String platform, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "compile", "--model", temp.resolve("model").toString(), "--platform", platform));
    arguments.addAll(List.of(more));
    return Kiln.commandLine(Map.of(), List.of(CompileCommand.class))
        .setErr(new PrintWriter(errors, true))
        .execute(arguments.toArray(new String[0]));
  }

  @Test
  void withoutAGpu() {
    assumeFalse(CudaDriver.status().ready(), "this machine has a GPU");
    assertThat(compile("naip")).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(errors.toString()).contains("kiln compile: no NVIDIA driver");
    assertThat(Files.exists(temp.resolve("model/plans"))).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--precision=fp8   | expected one of",
        "--precision=fp32  | bf16 or fp16",
        "--batch=0         | --batch: expected 1 or more, found 0",
        "--effort=6        | --effort: expected 0 to 5"
      })
  void invalidValuesAreUsageErrors(String option, String line) {
    assertThat(compile("naip", option)).isEqualTo(ExitCode.USAGE.code());
    assertThat(errors.toString()).contains(line);
  }

  @Test
  void platformThatWasNotExported() {
    assertThat(compile("linz")).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(errors.toString()).contains("expected platform linz, found naip");
  }
}
