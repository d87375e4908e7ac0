package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.pipeline.BoundedQueue;
import dev.kiln.pipeline.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class MetricsFileTest {
  private static final Snapshot SNAPSHOT =
      new Snapshot(
          12.5,
          10,
          new RunCounters.Counts(
              1, 3, 2, 6, 4000, 4000, ChipsLeftOut.NONE, 63, 5_000_000_000L, 7, 9, 3, 0),
          List.of(
              new Stage.Times("fetch", 4, 5, 10, 3, 1.5),
              new Stage.Times("decode", 2, 5, 20.25, 3, 1.5)),
          List.of(new BoundedQueue.Fill("fetched", 0, 4), new BoundedQueue.Fill("strips", 1, 2)));

  @TempDir Path directory;

  private Path write(Map<String, String> labels) {
    Path file = directory.resolve("kiln.prom");
    new MetricsFile(file, labels).tick(() -> SNAPSHOT);
    return file;
  }

  @Test
  void fileHasCountersStagesAndQueues() throws IOException {
    assertThat(Files.readAllLines(write(Map.of("run", "a\"b", "shard", "3"))))
        .contains(
            "# TYPE kiln_chips_total counter",
            "kiln_run_seconds{run=\"a\\\"b\",shard=\"3\"} 12.500",
            "kiln_scenes{run=\"a\\\"b\",shard=\"3\",state=\"left\"} 4",
            "kiln_chips_total{run=\"a\\\"b\",shard=\"3\"} 4000",
            "kiln_bytes_total{run=\"a\\\"b\",shard=\"3\",step=\"fetched\"} 5000000000",
            "kiln_stage_seconds_total{run=\"a\\\"b\",shard=\"3\",stage=\"decode\","
                + "activity=\"busy\"} 20.250",
            "kiln_queue_capacity{run=\"a\\\"b\",shard=\"3\",queue=\"strips\"} 2");
    try (var files = Files.list(directory)) {
      assertThat(files.map(file -> file.getFileName().toString())).containsExactly("kiln.prom");
    }
  }

  @Test
  void everyLineIsInThePrometheusTextFormat() throws IOException {
    Pattern comment = Pattern.compile("# (HELP|TYPE) (kiln_\\w+) (.+)");
    Pattern sample = Pattern.compile("(kiln_\\w+)(\\{(\\w+=\"[^\"]*\",?)+})? [0-9.]+");
    Set<String> families = new HashSet<>();
    Set<String> samples = new HashSet<>();
    String family = "";
    String before = "";
    for (String line : Files.readString(write(Map.of())).split("\n")) {
      Matcher header = comment.matcher(line);
      Matcher value = sample.matcher(line);
      if (!header.matches()) {
        assertThat(value.matches()).as(line).isTrue();
        // All samples of a family are together, and each is there once.
        assertThat(value.group(1)).isEqualTo(family);
        assertThat(samples.add(line.substring(0, line.lastIndexOf(' ')))).as(line).isTrue();
      } else if (header.group(1).equals("HELP")) {
        family = header.group(2);
        assertThat(families.add(family)).as("one group of " + family).isTrue();
      } else {
        assertThat(before).startsWith("# HELP " + header.group(2) + " ");
        assertThat(header.group(3)).isIn("gauge", "counter");
        assertThat(family.endsWith("_total")).isEqualTo(header.group(3).equals("counter"));
      }
      before = line;
    }
    assertThat(families).hasSize(8);
  }

  @Test
  void fileThatCannotBeWrittenIsAConfigurationError() {
    assertThatThrownBy(() -> new MetricsFile(directory.resolve("none/kiln.prom"), Map.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--metrics-file");
  }

  /** The Grafana dashboard uses metrics that exist. */
  @Test
  void dashboardUsesMetricsOfTheFile() throws IOException {
    JsonNode dashboard =
        JsonMapper.shared().readTree(Files.readString(Path.of("../deploy/grafana/kiln.json")));
    String text = Files.readString(write(Map.of()));
    Set<String> used = new TreeSet<>();
    for (JsonNode panel : dashboard.path("panels")) {
      for (JsonNode target : panel.path("targets")) {
        Matcher metric = Pattern.compile("kiln_\\w+").matcher(target.path("expr").asString());
        while (metric.find()) {
          used.add(metric.group());
        }
      }
    }
    assertThat(used).isNotEmpty();
    for (String metric : used) {
      assertThat(text).contains("# TYPE " + metric + " ");
    }
  }
}
