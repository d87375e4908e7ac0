package dev.kiln.awsbatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.error.ConfigurationException;
import dev.kiln.testing.MemoryStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the state of a run is reckoned from, without AWS. */
class ArrayMonitorTest {
  private static final Instant START = Instant.parse("2026-11-22T12:00:00Z");

  private final MemoryStore out = new MemoryStore();
  private Submission submission;

  @BeforeEach
  void submit() throws IOException {
    PackedList.Builder list = new PackedList.Builder();
    for (int i = 0; i < 100; i++) {
      list.add("a/" + i + ".tif");
    }
    EmbedArguments order =
        new EmbedArguments("naip", "m", "s", "memory", 10, List.of(), true, false);
    Submitter.Request request =
        new Submitter.Request(
            order, "hash", list.build(), "q", Optional.empty(), "kiln", "/log", 0.72, null);
    Submitter submitter = new Submitter(out, Clock.fixed(START, ZoneOffset.UTC));
    submission = submitter.plan(request, false);
    submitter.lay(submission, request);
  }

  private void report(int shard, String json) {
    out.put(
        "_kiln/%s/shard-%05d.json".formatted(submission.id(), shard),
        json.getBytes(StandardCharsets.UTF_8));
  }

  private static String ended(int exitCode, int there, int embedded, String failures) {
    return """
        {"exitCode": %d, "ended": null, "failures": [%s],
         "run": {"seconds": 25, "scenes": 10,
                 "counts": {"alreadyDone": %d, "embedded": %d, "chips": %d}}}
        """
        .formatted(exitCode, failures, there, embedded, embedded * 100);
  }

  private ArrayStatus.Run look(Duration after) throws IOException {
    Clock clock = Clock.fixed(START.plus(after), ZoneOffset.UTC);
    try (ArrayMonitor watch = new ArrayMonitor(out, null, clock)) {
      ArrayStatus status = watch.look(null);
      assertThat(status.runs()).hasSize(1);
      return status.runs().get(0);
    }
  }

  @Test
  void rateTimeLeftAndCostAreReckonedFromReports() throws IOException {
    String failure = "{\"key\": \"a/%d.tif\", \"kind\": \"%s\", \"reason\": \"%s\"}";
    report(0, ended(0, 3, 7, ""));
    report(
        1,
        ended(
            65,
            0,
            8,
            failure.formatted(12, "PERMANENT", "tile 3 of band 1: 90 bytes missing")
                + ","
                + failure.formatted(17, "PERMANENT", "tile 41 of band 2: 7 bytes missing")));
    report(2, "{\"state\": \"running\"}");

    ArrayStatus.Run run = look(Duration.ofSeconds(100));
    assertThat(run.done()).isEqualTo(18);
    assertThat(run.failed()).isEqualTo(2);
    assertThat(run.running()).isEqualTo(1);
    assertThat(run.exitCodes()).isEqualTo(Map.of(0, 1, 65, 1));
    assertThat(run.chips()).isEqualTo(1500);
    assertThat(run.chipsPerSecond()).isCloseTo(15, within(1e-9));
    assertThat(run.chipsPerSecondOfOne()).isCloseTo(30, within(1e-9));
    assertThat(run.secondsLeft()).isCloseTo(100.0 / 18 * 80, within(1e-9));
    assertThat(run.cost()).isCloseTo(50 / 3600.0 * 0.72, within(1e-12));
    assertThat(run.reasons())
        .containsExactly(
            new ArrayStatus.Reason(2, "tile # of band #: # bytes missing", "a/12.tif"));
    assertThat(StatusText.of(new ArrayStatus("memory", List.of(run))))
        .contains(
            "submission " + submission.id(),
            "reports   3 of 10 children: 1 running, ended with exit code 0 1, 65 1",
            "scenes    18 of 100 done (18.0%), 2 failed, 80 left",
            "left      7 min 24 s at the pace so far");
  }

  @Test
  void lastReportOfAChildCounts() throws IOException {
    report(0, ended(75, 0, 4, ""));
    assertThat(look(Duration.ofSeconds(10)).done()).isEqualTo(4);
    report(0, ended(0, 4, 6, ""));
    ArrayStatus.Run run = look(Duration.ofSeconds(20));
    assertThat(run.done()).isEqualTo(10);
    assertThat(run.active()).isFalse();
    assertThat(run.secondsLeft()).isNaN();
  }

  @Test
  void outputWithoutRunsIsSaid() throws IOException {
    try (ArrayMonitor watch = new ArrayMonitor(new MemoryStore(), null, Clock.systemUTC())) {
      assertThatThrownBy(() -> watch.look(null))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("no run has begun there");
    }
    try (ArrayMonitor watch = new ArrayMonitor(out, null, Clock.systemUTC())) {
      assertThatThrownBy(() -> watch.look("no-job"))
          .hasMessageContaining("job no-job: not in a submission into memory");
    }
  }
}
