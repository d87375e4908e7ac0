package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.testing.FakeEncoder;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(60)
class ProgressLogTest {
  @TempDir Path directory;

  private RunReport report() throws Exception {
    return new TestRun(directory).scene(1).scene(2).embed(new FakeEncoder(TestRun.NAIP, 256, 4));
  }

  @Test
  void jsonLinesContainTheWholeSnapshot() throws Exception {
    Snapshot snapshot = report().run();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ProgressLog progress =
        new ProgressLog(ProgressLog.Style.JSON, false, new PrintStream(out, true), 0)) {
      progress.tick(() -> snapshot);
      progress.tick(() -> snapshot);
    }
    String[] lines = out.toString(StandardCharsets.UTF_8).split("\n");
    assertThat(lines).hasSize(3);
    JsonNode line = JsonMapper.shared().readTree(lines[0]);
    assertThat(line.path("kind").asString()).isEqualTo("progress");
    assertThat(Instant.parse(line.path("time").asString())).isBeforeOrEqualTo(Instant.now());
    assertThat(JsonMapper.shared().readTree(lines[2]).path("kind").asString()).isEqualTo("end");
    assertThat(line.path("counts").path("embedded").asInt()).isEqualTo(2);
    assertThat(line.path("stages").size()).isEqualTo(5);
    assertThat(line.path("queues").size()).isEqualTo(4);
  }

  @Test
  void plainLineHasProgressRatesQueuesAndBusyShares() throws Exception {
    assertThat(ProgressLog.line(report().run()))
        .startsWith("scenes 2 of 2 (0 failed), chips 8, ")
        .contains("chips/s", "MB/s", "queued: fetched 0/", "busy: fetch ", "left: 0:00:00");
  }

  @Test
  void nothingIsPrintedBeforeTheIntervalOrWithStyleNone() {
    try (ProgressLog none = new ProgressLog(ProgressLog.Style.NONE, false, System.out);
        ProgressLog early = new ProgressLog(ProgressLog.Style.PLAIN, false, System.out)) {
      none.tick(
          () -> {
            throw new AssertionError("took a snapshot");
          });
      early.tick(
          () -> {
            throw new AssertionError("took a snapshot too early");
          });
    }
  }

  @Test
  void theTimeLeftFollowsTheChipsWithinAScene() {
    // One of two scenes is open, a quarter of its 100 chips is done after 10 s: 175 chips are left.
    RunCounters.Counts counts =
        new RunCounters.Counts(0, 0, 0, 1, 100, 25, ChipsLeftOut.NONE, 1, 0, 0, 0, 0, 0);
    Snapshot snapshot = new Snapshot(10, 2, counts, List.of(), List.of());
    assertThat(snapshot.secondsLeft()).hasValue(70);
    assertThat(new Snapshot(0, 2, counts, List.of(), List.of()).perSecond(5)).isZero();
  }

  @Test
  void reportNamesTheBottleneck() throws Exception {
    RunReport report = report();
    assertThat(report.summary()).contains("2 embedded", "bottleneck");
    JsonNode json = JsonMapper.shared().readTree(report.json());
    assertThat(json.path("bottleneck").asString())
        .isIn("fetch", "decode", "fill", "encode", "write");
    assertThat(json.path("exitCode").asInt()).isZero();
    assertThat(new String(report.json(), StandardCharsets.UTF_8)).doesNotContain("NaN", "\"null\"");
  }
}
