package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.testing.KilnProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** On a CPU that has AVX2 and no more, or that oneDNN takes for one. */
@Timeout(120)
class LesserCpuTest {
  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");

  @TempDir private Path directory;

  @BeforeEach
  void sceneAndModel() throws Exception {
    assumeTrue(
        System.getProperty("os.arch").equals("amd64"), "SKIPPED: only of x86-64, not this CPU");
    String key = "nd/2018/100cm/rgbir_cog/47099/m_4709963_se_14_1_20180716.tif";
    GeoTiffs.naip().size(300, 300).write(directory.resolve("source").resolve(key));
    Files.writeString(directory.resolve("scenes.txt"), key);
    Exporter.export(
        MICRO,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("naip")), List.of(256), false, false),
        directory.resolve("model"));
  }

  private int exit;

  private String embed(String... more) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "embed",
                "naip",
                "--scenes=" + directory.resolve("scenes.txt"),
                "--model=" + directory.resolve("model"),
                "--source=" + directory.resolve("source"),
                "--out=" + directory.resolve("out"),
                "--progress=none"));
    arguments.addAll(List.of(more));
    return run(arguments);
  }

  private String run(List<String> arguments) throws Exception {
    Path log = directory.resolve("log");
    Files.deleteIfExists(log);
    Process process = KilnProcess.start(log, Map.of("ONEDNN_MAX_CPU_ISA", "AVX2"), arguments);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    exit = process.exitValue();
    return Files.readString(log);
  }

  @Test
  void autoTakesFp32() throws Exception {
    assertThat(embed("--precision=auto"))
        .contains("precision=fp32 reason=\"no native bf16 on this CPU\"")
        .contains("onednn fp32 on CPU, AVX2");
    assertThat(exit).isEqualTo(ExitCode.DONE.code());
  }

  @Test
  void bf16IsAFaultThatSaysWhatToDo() throws Exception {
    assertThat(embed("--precision=bf16"))
        .contains("--precision bf16: expected fp32 for oneDNN on this CPU (AVX2)");
    assertThat(exit).isEqualTo(ExitCode.CONFIGURATION.code());
  }

  @Test
  void doctorSaysSo() throws Exception {
    assertThat(run(List.of("doctor")))
        .contains("with AVX2, no native bfloat16")
        .contains("oneDNN in fp32", "with --precision auto in fp32");
  }
}
