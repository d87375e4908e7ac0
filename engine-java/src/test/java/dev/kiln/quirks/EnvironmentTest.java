package dev.kiln.quirks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.export.RandomCheckpoint;
import dev.kiln.model.Architecture;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.Vectors;
import dev.kiln.testing.Distance;
import dev.kiln.testing.KilnProcess;
import dev.kiln.type.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Variables of the environment change no vector: they are overridden, or refused with a reason. */
@Timeout(300)
class EnvironmentTest {
  @TempDir Path directory;

  private ExitCode embed(String out, Map<String, String> environment) throws Exception {
    Process process =
        KilnProcess.start(
            directory.resolve(out + ".log"),
            environment,
            List.of(
                "embed",
                "linz",
                "--scenes=" + directory.resolve("list.txt"),
                "--source=" + directory.resolve("source"),
                "--model=" + directory.resolve("model"),
                "--out=" + directory.resolve(out),
                "--chip=" + QuirkScene.CHIP,
                "--threads=2",
                // Both threads share a chip.
                "--batch=1"));
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    return List.of(ExitCode.values()).stream()
        .filter(code -> code.code() == process.exitValue())
        .findFirst()
        .orElseThrow();
  }

  @Test
  void changesNoVector() throws Exception {
    Path checkpoint = directory.resolve("micro.ckpt");
    new RandomCheckpoint(Architecture.named("micro"), DataType.FP32, 1, 0).write(checkpoint);
    Exporter.export(
        checkpoint,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("linz")), List.of(QuirkScene.CHIP), false, false),
        directory.resolve("model"));
    String key =
        QuirkScene.of(
                "uint8",
                0.3,
                List.of("red", "green", "blue"),
                (b, x, y) -> 50 + 20 * b + (7 * x + 13 * y) % 90)
            .file(f -> f.option("COMPRESS=JPEG").option("PHOTOMETRIC=YCBCR"))
            .write(directory.resolve("source"), "scene");
    Files.writeString(directory.resolve("list.txt"), key);
    Path gdal = directory.resolve("gdalrc");
    Files.writeString(gdal, "[configoptions]\nGDAL_GEOREF_SOURCES=NONE\n");

    assertThat(embed("plain", Map.of())).isEqualTo(ExitCode.DONE);
    assertThat(
            embed(
                "odd",
                Map.of(
                    "OMP_DYNAMIC", "true",
                    "OMP_MAX_ACTIVE_LEVELS", "0",
                    "ONEDNN_DEFAULT_FPMATH_MODE", "ANY",
                    "CONVERT_YCBCR_TO_RGB", "NO",
                    "GDAL_CONFIG_FILE", gdal.toString())))
        .isEqualTo(ExitCode.DONE);
    assertThat(embed("limited", Map.of("OMP_THREAD_LIMIT", "1"))).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(embed("misled", Map.of("PROJ_LIB", "/nonexistent", "PROJ_DATA", "/nonexistent")))
        .isEqualTo(ExitCode.CONFIGURATION);

    Vectors expected = vectors("plain");
    Vectors found = vectors("odd");
    assertThat(found.values()).hasSameSizeAs(expected.values());
    assertThat(Distance.relative(found.values(), expected.values(), 0, expected.values().length))
        .isLessThanOrEqualTo(2e-5);
    assertThat(directory.resolve("limited.log"))
        .content()
        .contains("OpenMP: expected 2 threads, found 1: unset OMP_THREAD_LIMIT");
    assertThat(directory.resolve("misled.log"))
        .content()
        .contains("PROJ_LIB is /nonexistent", "unset both");
  }

  private Vectors vectors(String out) throws Exception {
    return EmbeddingFile.open(directory.resolve(out + "/scene/scene.parquet")).vectors(0);
  }
}
