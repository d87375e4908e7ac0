package dev.kiln.run;

import dev.kiln.archive.FileOptions;
import dev.kiln.archive.OutputKey;
import dev.kiln.archive.SceneArchive;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.metrics.ResourceUse;
import dev.kiln.pipeline.Stage;
import dev.kiln.sink.Provenance;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/**
 * A simulated attempt of a child of an array. Keys, requests to the output, report and exit code
 * are those of {@code kiln embed}; fetching, decoding and encoding are replaced by a few scenes in
 * flight. Its fate is random.
 */
final class SimulatedChild {
  /** Scenes that are started and not written: fetched, decoded, in the encoder. */
  private static final int IN_FLIGHT = 6;

  private static final byte[] FILE = {1};
  private static final EncoderDescription ENCODER =
      new EncoderDescription("simulated", "none", DataType.FP32, 1024, 256, 1);

  /** The fate of an attempt. */
  enum Fate {
    /** Nothing: it completes. */
    NOTHING,
    /** Killed at once: out of memory, a crash, a machine switched off. */
    SIGKILL,
    /** Stopped by SIGTERM, and ends within the grace period. */
    SIGTERM,
    /** Spot interruption before the grace period ends: there is no exit code. */
    HOST_GONE,
    /** Some scenes are temporarily unreachable. */
    STORE_FAULT,
    /** A bug in Kiln. */
    BUG
  }

  /**
   * How an attempt ended.
   *
   * @param exitCode as text; empty if there is none
   * @param statusReason as AWS Batch reports it
   * @param started scenes that were started
   */
  record End(String exitCode, String statusReason, long started) {}

  private final List<String> keys;
  private final ObjectStore out;
  private final String reportKey;
  private final Predicate<String> broken;
  private final SplittableRandom random;
  private final RunCounters tally;
  private final Deque<String> inFlight = new ArrayDeque<>();
  private long started;

  /**
   * @param broken scenes that can never be embedded
   */
  SimulatedChild(
      List<String> keys,
      ObjectStore out,
      String reportKey,
      Predicate<String> broken,
      SplittableRandom random) {
    this.keys = keys;
    this.out = out;
    this.tally = new RunCounters(new FirstScenes(out));
    this.reportKey = reportKey;
    this.broken = broken;
    this.random = random;
  }

  End run(Fate fate) throws IOException {
    out.put(reportKey, "{\"state\": \"running\"}\n".getBytes(StandardCharsets.UTF_8));
    PendingScenes todo = new PendingScenes(keys, out, false, tally, existing -> existing);
    // Also after the last scene: an attempt may end before its fate.
    int until = fate == Fate.NOTHING ? Integer.MAX_VALUE : random.nextInt(keys.size() + 10);
    boolean stopped = false;
    for (Optional<PendingScene> next = next(todo); next.isPresent(); next = next(todo)) {
      String key = next.get().sceneKey();
      if (started >= until && fate != Fate.STORE_FAULT) {
        if (fate == Fate.SIGKILL) {
          return new End("137", "Essential container in task exited", started);
        }
        if (fate == Fate.HOST_GONE) {
          drain(random.nextInt(IN_FLIGHT + 1));
          return new End("", "Host EC2 (instance i-0123456789abcdef0) terminated.", started);
        }
        if (fate == Fate.BUG) {
          return end(new IllegalStateException("a bug"), false);
        }
        // Scenes in the encoder are finished; the others are left.
        drain(random.nextInt(IN_FLIGHT + 1));
        stopped = true;
        break;
      }
      started++;
      if (broken.test(key)) {
        tally.failed(key, SceneException.permanent(key, "tile 17 of band 2: broken"));
      } else if (fate == Fate.STORE_FAULT && started > until && random.nextInt(10) == 0) {
        tally.failed(key, SceneException.transientError(key, "connection reset", null));
      } else {
        inFlight.add(key);
        if (inFlight.size() > IN_FLIGHT) {
          drain(1);
        }
      }
    }
    if (!stopped) {
      drain(inFlight.size());
    }
    return end(null, stopped);
  }

  private static Optional<PendingScene> next(PendingScenes todo) throws IOException {
    try {
      return todo.next();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void drain(int scenes) throws IOException {
    for (int i = 0; i < scenes && !inFlight.isEmpty(); i++) {
      out.put(OutputKey.of(inFlight.poll()), FILE);
      tally.embedded(1813);
      tally.written(1);
    }
  }

  private End end(Throwable failure, boolean stopped) throws IOException {
    Snapshot end =
        new Snapshot(
            60,
            keys.size(),
            tally.counts(),
            List.of(new Stage.Times("fetch", 1, 1, 1, 0, 0)),
            List.of());
    EmbeddingJob job =
        new EmbeddingJob(
            TestRun.NAIP,
            keys,
            SceneArchive.of(TestRun.NAIP),
            FileOptions.NONE,
            out,
            out,
            ChipOptions.defaults(),
            VectorOptions.PLAIN,
            new Provenance("0", "model", "large", "simulated", DataType.FP32, Map.of()));
    RunReport report =
        RunReport.of(
            job,
            ENCODER,
            end,
            OptionalDouble.empty(),
            new ResourceUse(
                60,
                OptionalDouble.empty(),
                OptionalLong.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty()),
            tally.failures(),
            Map.of(),
            Optional.ofNullable(failure),
            stopped);
    out.put(reportKey, report.json());
    return new End(
        Integer.toString(report.exitCode().code()), "Essential container in task exited", started);
  }
}
