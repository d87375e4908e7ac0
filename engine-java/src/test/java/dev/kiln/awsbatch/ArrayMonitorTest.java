package dev.kiln.awsbatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.ExitCode;
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
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Computes the state of a run from reports, without AWS. */
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
    EmbedArguments arguments =
        EmbedArguments.builder()
            .platform("naip")
            .model("m")
            .source("s")
            .out("memory")
            .itemsPerJob(10)
            .requireGpu(true)
            .build();
    SubmissionRequest request =
        SubmissionRequest.builder()
            .arguments(arguments)
            .modelHash("hash")
            .list(list.build())
            .queue("q")
            .existingDefinition("kiln")
            .logGroup("/log")
            .pricePerHour(0.72)
            .build();
    Submitter submitter = new Submitter(out, Clock.fixed(START, ZoneOffset.UTC));
    submission = submitter.plan(request, false);
    submitter.store(submission, request);
  }

  private void report(int shard, String json) {
    out.put(
        "_kiln/%s/shard-%05d.json".formatted(submission.id(), shard),
        json.getBytes(StandardCharsets.UTF_8));
  }

  private static String ended(int exitCode, int alreadyDone, int embedded, String failures) {
    return """
    {"exitCode": %d, "ended": null, "failures": [%s],
     "run": {"seconds": 25, "scenes": 10,
             "counts": {"alreadyDone": %d, "embedded": %d, "chips": %d}}}
    """
        .formatted(exitCode, failures, alreadyDone, embedded, embedded * 100);
  }

  private ArrayStatus.Run runAfter(Duration time) throws IOException {
    Clock clock = Clock.fixed(START.plus(time), ZoneOffset.UTC);
    try (ArrayMonitor monitor = new ArrayMonitor(out, Optional.empty(), clock)) {
      ArrayStatus status = monitor.status(Optional.empty());
      assertThat(status.runs()).hasSize(1);
      return status.runs().get(0);
    }
  }

  @Test
  void rateTimeLeftAndCostComeFromReports() throws IOException {
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

    ArrayStatus.Run run = runAfter(Duration.ofSeconds(100));
    assertThat(run.scenes()).isEqualTo(new ArrayStatus.Scenes(100, 18, 2));
    assertThat(run.reports())
        .isEqualTo(new ArrayStatus.Reports(3, 3, 1, 0, 0, Map.of(0, 1, 65, 1)));
    assertThat(run.chips().embedded()).isEqualTo(1500);
    assertThat(run.chips().perSecond().getAsDouble()).isCloseTo(15, within(1e-9));
    assertThat(run.chips().perSecondPerChild().getAsDouble()).isCloseTo(30, within(1e-9));
    assertThat(run.secondsLeft().getAsDouble()).isCloseTo(100.0 / 18 * 80, within(1e-9));
    assertThat(run.cost().getAsDouble()).isCloseTo(50 / 3600.0 * 0.72, within(1e-12));
    assertThat(run.reasons())
        .containsExactly(
            new ArrayStatus.Reason(2, "tile # of band #: # bytes missing", "a/12.tif"));
    assertThat(StatusText.of(new ArrayStatus("memory", List.of(run))))
        .contains(
            "submission " + submission.id(),
            "reports   3 of 10 children, 3 attempts: 1 running, ended with exit code 0: 1, 65: 1",
            "scenes    18 of 100 done (18.0%), 2 failed, 80 left",
            "left      7 min 24 s at the rate so far");
  }

  @Test
  void newestReportOfAChildCounts() throws IOException {
    report(0, ended(75, 0, 4, ""));
    assertThat(runAfter(Duration.ofSeconds(10)).scenes().done()).isEqualTo(4);
    report(0, ended(0, 4, 6, ""));
    ArrayStatus.Run run = runAfter(Duration.ofSeconds(20));
    assertThat(run.scenes().done()).isEqualTo(10);
    assertThat(run.active()).isFalse();
    assertThat(run.secondsLeft()).isEmpty();
  }

  /** Without AWS Batch, the report alone tells whether a child runs. */
  @Test
  void childWhoseHeartbeatStoppedIsKilled() throws IOException {
    report(
        0,
        """
        {"state": "running", "started": "2026-11-22T12:00:00Z", "heartbeat": "2026-11-22T12:08:00Z",
         "run": {"seconds": 480, "scenes": 10,
                 "counts": {"alreadyDone": 0, "embedded": 4, "chips": 400}}}
        """);
    ArrayStatus.Run alive = runAfter(Duration.ofMinutes(12));
    assertThat(alive.active()).isTrue();
    assertThat(alive.reports()).isEqualTo(new ArrayStatus.Reports(1, 1, 1, 0, 0, Map.of()));
    // The progress of the last heartbeat counts.
    assertThat(alive.scenes().done()).isEqualTo(4);
    assertThat(alive.chips().embedded()).isEqualTo(400);
    assertThat(alive.cost().getAsDouble()).isCloseTo(480 / 3600.0 * 0.72, within(1e-12));

    ArrayStatus.Run killed = runAfter(Duration.ofMinutes(14));
    assertThat(killed.active()).isFalse();
    assertThat(killed.reports()).isEqualTo(new ArrayStatus.Reports(1, 1, 0, 1, 0, Map.of()));
    assertThat(killed.scenes().done()).isEqualTo(4);
    assertThat(new ArrayStatus("memory", List.of(killed)).exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
  }

  /** A child that was interrupted, killed, and then did the rest. */
  @Test
  void attemptsOfAChildAddUp() throws IOException {
    attempt(4, "a", "2026-11-22T12:00:00Z", ended(143, 0, 4, ""));
    attempt(4, "c", "2026-11-22T12:10:00Z", "\"state\": \"running\"}");
    ArrayStatus.Run interrupted = runAfter(Duration.ofSeconds(700));
    assertThat(interrupted.reports()).isEqualTo(new ArrayStatus.Reports(1, 2, 1, 0, 0, Map.of()));
    assertThat(interrupted.scenes().done()).isEqualTo(4);
    String failure = "{\"key\": \"a/12.tif\", \"kind\": \"PERMANENT\", \"reason\": \"broken\"}";
    attempt(4, "b", "2026-11-22T12:20:00Z", ended(65, 4, 5, failure));
    ArrayStatus.Run run = runAfter(Duration.ofSeconds(1300));
    assertThat(run.reports()).isEqualTo(new ArrayStatus.Reports(1, 3, 0, 0, 0, Map.of(65, 1)));
    assertThat(run.scenes()).isEqualTo(new ArrayStatus.Scenes(100, 9, 1));
    assertThat(run.chips().embedded()).isEqualTo(900);
    assertThat(run.cost().getAsDouble()).isCloseTo(50 / 3600.0 * 0.72, within(1e-12));
  }

  private void attempt(int shard, String attempt, String started, String json) {
    String body = json.strip().replaceFirst("^\\{", "");
    out.put(
        "_kiln/%s/shard-%05d-%s.json".formatted(submission.id(), shard, attempt),
        ("{\"started\": \"" + started + "\", " + body).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void childrenBeyondTheListAreAWarning() throws IOException {
    report(0, ended(0, 0, 10, ""));
    report(
        10,
        """
        {"exitCode": 0, "ended": null, "failures": [],
         "run": {"seconds": 1, "scenes": 0, "counts": {"alreadyDone": 0, "embedded": 0, "chips": 0}}}
        """);
    ArrayStatus.Run run = runAfter(Duration.ofSeconds(10));
    assertThat(run.reports().beyondList()).isEqualTo(1);
    assertThat(StatusText.of(new ArrayStatus("memory", List.of(run))))
        .contains("WARNING   1 child had no scenes: the array is longer than the list");
  }

  @Test
  void exitCodeTellsWhatIsLeft() {
    ArrayStatus.Scenes all = new ArrayStatus.Scenes(10, 10, 0);
    ArrayStatus.Scenes failed = new ArrayStatus.Scenes(10, 8, 2);
    ArrayStatus.Scenes unreached = new ArrayStatus.Scenes(10, 6, 2);
    assertThat(exitCode(run("a", null, false, all))).isEqualTo(ExitCode.DONE);
    assertThat(exitCode(run("a", null, true, all))).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(exitCode(run("a", null, false, failed))).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(exitCode(run("a", null, false, unreached))).isEqualTo(ExitCode.TRY_AGAIN);
    // A retry of the four that were missing.
    ArrayStatus.Run first = run("a", null, false, unreached);
    assertThat(exitCode(first, run("b", "a", false, new ArrayStatus.Scenes(4, 4, 0))))
        .isEqualTo(ExitCode.DONE);
    assertThat(exitCode(first, run("b", "a", false, new ArrayStatus.Scenes(4, 3, 1))))
        .isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(exitCode(first, run("b", "a", false, new ArrayStatus.Scenes(4, 3, 0))))
        .isEqualTo(ExitCode.TRY_AGAIN);
  }

  private static ExitCode exitCode(ArrayStatus.Run... runs) {
    return new ArrayStatus("out", List.of(runs)).exitCode();
  }

  private static ArrayStatus.Run run(
      String id, String retryOf, boolean active, ArrayStatus.Scenes scenes) {
    return new ArrayStatus.Run(
        Optional.of(id),
        Optional.ofNullable(retryOf),
        active,
        new ArrayStatus.Jobs(List.of(), OptionalInt.empty(), Map.of()),
        new ArrayStatus.Reports(0, 0, 0, 0, 0, Map.of()),
        scenes,
        new ArrayStatus.Chips(0, OptionalDouble.empty(), OptionalDouble.empty()),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        List.of(),
        List.of());
  }

  @Test
  void outputWithoutRunsIsAnError() throws IOException {
    try (ArrayMonitor monitor =
        new ArrayMonitor(new MemoryStore(), Optional.empty(), Clock.systemUTC())) {
      assertThatThrownBy(() -> monitor.status(Optional.empty()))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("no run found: _kiln/ has no reports and no submissions");
    }
    try (ArrayMonitor monitor = new ArrayMonitor(out, Optional.empty(), Clock.systemUTC())) {
      assertThatThrownBy(() -> monitor.status(Optional.of("no-job")))
          .hasMessageContaining("job no-job: not part of a submission into memory");
    }
  }
}
