package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.export.Exporter;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.testing.KilnProcess;
import dev.kiln.testing.Reports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The memory of a run does not grow with the number of its scenes. {@code -Dkiln.scenes=1000} uses
 * more scenes than every build does.
 */
@Timeout(1800)
class FlatMemoryTest {
  private static final int MANY = Integer.getInteger("kiln.scenes", 100);
  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");

  @TempDir Path directory;

  @Test
  void peakMemoryOfManyScenesIsThatOfAFew() throws Exception {
    Path scene = directory.resolve("scene.tif");
    GeoTiffs.naip().size(550, 600).seed(1).write(scene);
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      keys.add(key(i));
      Path copy = directory.resolve("source").resolve(keys.get(i));
      Files.createDirectories(copy.getParent());
      Files.createLink(copy, scene);
    }
    Exporter.export(
        MICRO,
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("naip")), List.of(256), false, false),
        directory.resolve("model"));

    long few = peakMemory(keys.subList(0, 10));
    long many = peakMemory(keys);

    System.out.printf(
        "peak memory: 10 scenes %,d MB, %d scenes %,d MB (%.3f)%n",
        few / 1_000_000, MANY, many / 1_000_000, (double) many / few);
    assertThat(many).isLessThan(few * 11 / 10);
  }

  /** A degree of latitude and longitude has 64 quadrangles of four quarters each. */
  private static String key(int i) {
    String quarter = List.of("nw", "ne", "sw", "se").get(i % 4);
    int year = 2010 + i / 256;
    return "nd/%1$d/100cm/rgbir_cog/47099/m_47099%2$02d_%3$s_14_1_%1$d0701.tif"
        .formatted(year, 1 + i / 4 % 64, quarter);
  }

  private long peakMemory(List<String> keys) throws IOException, InterruptedException {
    Path out = directory.resolve("out-" + keys.size());
    Path log = directory.resolve("log-" + keys.size());
    Path scenes = Files.write(directory.resolve("scenes-" + keys.size()), keys);
    Process run =
        KilnProcess.start(
            log,
            // The heap grows to its limit, which this test does not measure.
            Map.of("JAVA_TOOL_OPTIONS", "-Xmx160m"),
            List.of(
                "embed",
                "naip",
                "--scenes=" + scenes,
                "--model=" + directory.resolve("model"),
                "--source=" + directory.resolve("source"),
                "--out=" + out,
                "--progress=none"));
    assertThat(run.waitFor()).as(Files.readString(log)).isZero();
    JsonNode report = JsonMapper.shared().readTree(Reports.latest(out));
    assertThat(report.path("run").path("counts").path("embedded").asInt()).isEqualTo(keys.size());
    return report.path("used").path("peakMemory").asLong();
  }
}
