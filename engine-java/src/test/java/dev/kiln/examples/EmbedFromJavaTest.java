package dev.kiln.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.export.Exporter;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.run.RunReport;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.testing.GeoTiffs;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedFromJavaTest {
  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");

  @TempDir private Path directory;

  @Test
  void writesOneFilePerScene() throws Exception {
    String key = "nd/2018/100cm/rgbir_cog/47099/m_4709963_se_14_1_20180716.tif";
    GeoTiffs.naip().size(600, 300).write(directory.resolve("archive").resolve(key));
    Exporter.export(
        MICRO,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("naip")), List.of(256), false, false),
        directory.resolve("model"));

    RunReport report =
        EmbedFromJava.embed(
            directory.resolve("model"),
            directory.resolve("archive"),
            List.of(key),
            directory.resolve("out"));

    assertThat(report.exitCode()).isEqualTo(ExitCode.DONE);
    Path file = directory.resolve("out").resolve(key.replace(".tif", ".parquet"));
    assertThat(EmbeddingFile.open(file).rows()).isEqualTo(2);
  }
}
