package dev.kiln.run;

import dev.kiln.archive.SceneArchive;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.metrics.ResourceUse;
import dev.kiln.pipeline.Stage;
import dev.kiln.sink.OutputKey;
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
 * One try of a child of an array, played: the keys, what is asked of the output, the report and the
 * exit code are those of {@code kiln embed}; fetching, decoding and encoding are nothing but a few
 * scenes under way. What befalls it is drawn by lot.
 */
final class SimulatedChild {
  /** Scenes that are begun and not written: fetched, decoded, in the encoder. */
  private static final int UNDER_WAY = 6;

  private static final byte[] FILE = {1};
  private static final EncoderDescription ENCODER =
      new EncoderDescription("simulated", "none", DataType.FP32, 1024, 256, 1);

  /** What befalls a try. */
  enum Fate {
    /** It comes to its end. */
    NOTHING,
    /** Killed at once: out of memory, a crash, a machine switched off. */
    SIGKILL,
    /** Asked to end, and ends within its grace. */
    SIGTERM,
    /** The spot machine is taken before the grace is over: there is no exit code. */
    HOST_GONE,
    /** Some scenes cannot be reached for now. */
    STORE_FAULT,
    /** A defect of Kiln. */
    DEFECT
  }

  /**
   * How a try ended.
   *
   * @param exitCode as text; empty where there is none
   * @param statusReason as AWS Batch tells it
   * @param begun scenes that were begun
   */
  record End(String exitCode, String statusReason, long begun) {}

  private final List<String> keys;
  private final ObjectStore out;
  private final String reportKey;
  private final Predicate<String> broken;
  private final SplittableRandom random;
  private final RunCounters tally = new RunCounters();
  private final Deque<String> underWay = new ArrayDeque<>();
  private long begun;

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
    this.reportKey = reportKey;
    this.broken = broken;
    this.random = random;
  }

  End run(Fate fate) throws IOException {
    out.put(reportKey, "{\"state\": \"running\"}\n".getBytes(StandardCharsets.UTF_8));
    PendingScenes todo = new PendingScenes(keys, out, false, tally);
    // Beyond the last scene too: it may be over before anything befalls it.
    int until = fate == Fate.NOTHING ? Integer.MAX_VALUE : random.nextInt(keys.size() + 10);
    boolean stopped = false;
    for (Optional<PendingScene> next = todo.next(); next.isPresent(); next = todo.next()) {
      String key = next.get().sceneKey();
      if (begun >= until && fate != Fate.STORE_FAULT) {
        if (fate == Fate.SIGKILL) {
          return new End("137", "Essential container in task exited", begun);
        }
        if (fate == Fate.HOST_GONE) {
          drain(random.nextInt(UNDER_WAY + 1));
          return new End("", "Host EC2 (instance i-0123456789abcdef0) terminated.", begun);
        }
        if (fate == Fate.DEFECT) {
          return end(new IllegalStateException("a defect"), false);
        }
        // What has reached the encoder is finished, the rest is left.
        drain(random.nextInt(UNDER_WAY + 1));
        stopped = true;
        break;
      }
      begun++;
      if (broken.test(key)) {
        tally.failed(key, SceneException.permanent(key, "tile 17 of band 2: broken"));
      } else if (fate == Fate.STORE_FAULT && begun > until && random.nextInt(10) == 0) {
        tally.failed(key, SceneException.transientError(key, "connection reset", null));
      } else {
        underWay.add(key);
        if (underWay.size() > UNDER_WAY) {
          drain(1);
        }
      }
    }
    if (!stopped) {
      drain(underWay.size());
    }
    return end(null, stopped);
  }

  private void drain(int scenes) throws IOException {
    for (int i = 0; i < scenes && !underWay.isEmpty(); i++) {
      out.put(OutputKey.of(underWay.poll()), FILE);
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
            out,
            out,
            ChipOptions.defaults(),
            new Provenance("0", "model", "large", "simulated", DataType.FP32, Map.of()));
    RunReport report =
        RunReport.of(
            job,
            ENCODER,
            end,
            OptionalDouble.empty(),
            new ResourceUse(
                60, OptionalLong.empty(), OptionalDouble.empty(), OptionalDouble.empty()),
            tally.failures(),
            Optional.ofNullable(failure),
            stopped);
    out.put(reportKey, report.json());
    return new End(
        Integer.toString(report.exitCode().code()), "Essential container in task exited", begun);
  }
}
