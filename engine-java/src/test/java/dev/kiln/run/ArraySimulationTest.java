package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.archive.OutputKey;
import dev.kiln.archive.SceneList;
import dev.kiln.archive.Shard;
import dev.kiln.awsbatch.ArrayMonitor;
import dev.kiln.awsbatch.ArraySplit;
import dev.kiln.awsbatch.ArrayStatus;
import dev.kiln.awsbatch.EmbedArguments;
import dev.kiln.awsbatch.PackedList;
import dev.kiln.awsbatch.Submission;
import dev.kiln.awsbatch.SubmissionRequest;
import dev.kiln.awsbatch.Submitter;
import dev.kiln.awsbatch.UnfinishedScenes;
import dev.kiln.run.SimulatedChild.Fate;
import dev.kiln.testing.MemoryStore;
import dev.kiln.testing.RetryStrategyRules;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Simulates all of NAIP as an array of 10,000 children in one process, with the real code for
 * splitting the list, finding finished scenes, reports, exit codes and unfinished scenes. Random
 * spot interruptions and kills are retried by the rules for AWS Batch. Every scene must be
 * embedded, and none twice.
 */
@Timeout(300)
class ArraySimulationTest {
  private static final Logger log = LoggerFactory.getLogger(ArraySimulationTest.class);

  private static final int SCENES = 1_230_000;
  private static final int ITEMS_PER_JOB = 123;
  private static final long SEED = 20_261_122;

  /** One scene in 5,000 can never be embedded. */
  private static final int BROKEN = 5_000;

  private PrintStream err;

  /** Suppresses the warnings of failed scenes, which are far too many. */
  @BeforeEach
  void quiet() {
    err = System.err;
    System.setErr(new PrintStream(OutputStream.nullOutputStream()));
  }

  @AfterEach
  void asBefore() {
    System.setErr(err);
  }

  private static final class Array {
    final MemoryStore out = new MemoryStore();
    final RetryStrategyRules rules;
    final AtomicLong attempts = new AtomicLong();
    final AtomicLong started = new AtomicLong();
    final AtomicLong failedChildren = new AtomicLong();
    final Map<Fate, AtomicLong> fates = new EnumMap<>(Fate.class);

    Array() throws IOException {
      rules = RetryStrategyRules.read();
      for (Fate fate : Fate.values()) {
        fates.put(fate, new AtomicLong());
      }
    }

    /** Runs all children of a submission, each until AWS Batch stops retrying it. */
    void run(Submission submission, String[] keys) {
      IntStream.range(0, submission.children())
          .parallel()
          .forEach(
              child -> {
                try {
                  run(submission, keys, child);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }

    private void run(Submission submission, String[] keys, int child) throws IOException {
      SplittableRandom random =
          new SplittableRandom(SEED * 31 + submission.id().hashCode() * 1_000_003L + child);
      Shard.Slice slice = shard(submission, child).slice(keys.length);
      List<String> own = Arrays.asList(keys).subList((int) slice.from(), (int) slice.to());
      String report = ReportKey.of(submission.id(), OptionalInt.of(child));
      for (int attempt = 1; attempt <= rules.attempts(); attempt++) {
        Fate fate = fate(random);
        fates.get(fate).incrementAndGet();
        attempts.incrementAndGet();
        SimulatedChild.End end =
            new SimulatedChild(own, out, report, ArraySimulationTest::isBroken, random).run(fate);
        started.addAndGet(end.started());
        if (end.exitCode().equals("0")) {
          return;
        }
        if (rules.decide(end.exitCode(), end.statusReason()).equals("EXIT")) {
          break;
        }
      }
      failedChildren.incrementAndGet();
    }

    /** From the command line and environment that the child would have. */
    private static Shard shard(Submission submission, int child) {
      for (Submission.Job job : submission.jobs()) {
        int first = number(job.command(), "--first-index=", 0);
        int index = number(job.command(), "--index=", -1);
        if (child >= first && child < first + job.children()) {
          return Shard.resolve(
              index < 0
                  ? Map.of("AWS_BATCH_JOB_ARRAY_INDEX", Integer.toString(child - first))
                  : Map.of(),
              new Shard.Options(
                  index < 0 ? null : Integer.toString(index),
                  Integer.toString(submission.arguments().itemsPerJob()),
                  null,
                  Integer.toString(first)));
        }
      }
      throw new IllegalArgumentException("no job has child " + child);
    }

    private static int number(List<String> command, String option, int otherwise) {
      return command.stream()
          .filter(argument -> argument.startsWith(option))
          .mapToInt(argument -> Integer.parseInt(argument.substring(option.length())))
          .findFirst()
          .orElse(otherwise);
    }

    private static Fate fate(SplittableRandom random) {
      int lot = random.nextInt(1000);
      if (lot < 600) {
        return Fate.NOTHING;
      }
      return lot < 700
          ? Fate.SIGKILL
          : lot < 800
              ? Fate.SIGTERM
              : lot < 900 ? Fate.HOST_GONE : lot < 998 ? Fate.STORE_FAULT : Fate.BUG;
    }
  }

  private static boolean isBroken(String key) {
    return Math.floorMod(key.hashCode() * 0x9e3779b9, BROKEN) == 0;
  }

  private static String[] keys(int scenes) {
    String[] keys = new String[scenes];
    for (int i = 0; i < scenes; i++) {
      int block = 30_000 + i / 64;
      keys[i] =
          "%s/2020/60cm/rgbir_cog/%05d/m_%05d%02d_%s_14_060_20200831.tif"
              .formatted(i % 2 == 0 ? "nd" : "ca", block, block, i % 64, i % 3 == 0 ? "ne" : "sw");
    }
    return keys;
  }

  private static PackedList list(String[] keys) throws IOException {
    PackedList.Builder builder = new PackedList.Builder();
    for (String key : keys) {
      builder.add(key);
    }
    return builder.build();
  }

  private static SubmissionRequest request(PackedList list, int itemsPerJob, String retryOf) {
    EmbedArguments arguments =
        EmbedArguments.builder()
            .platform("naip")
            .model("s3://m")
            .source("s3://naip-analytic")
            .out("memory")
            .itemsPerJob(itemsPerJob)
            .requireGpu(true)
            .build();
    return SubmissionRequest.builder()
        .arguments(arguments)
        .modelHash("model")
        .list(list)
        .queue("q")
        .existingDefinition("kiln")
        .logGroup("/log")
        .pricePerHour(1)
        .retryOf(retryOf)
        .build();
  }

  @Test
  void everySceneOfNaipIsEmbeddedOnceDespiteInterruptions() throws IOException {
    long start = System.nanoTime();
    String[] keys = keys(SCENES);
    long broken = Arrays.stream(keys).filter(ArraySimulationTest::isBroken).count();
    PackedList list = list(keys);
    assertThat(list.duplicates()).isZero();
    assertThat(new ArraySplit(SCENES, ITEMS_PER_JOB).parts()).hasSize(1);

    Array array = new Array();
    Submitter submitter = new Submitter(array.out, Clock.systemUTC());
    Submission first = begin(array, submitter, request(list, ITEMS_PER_JOB, null));
    assertThat(first.children()).isEqualTo(10_000);
    array.run(first, keys);
    long attemptsOfFirst = array.attempts.get();
    assertThat(array.failedChildren.get()).isPositive();
    assertThat(array.fates.values()).allSatisfy(n -> assertThat(n.get()).isPositive());

    int rounds = 0;
    UnfinishedScenes left = UnfinishedScenes.of(first, array.out, false);
    long leftByFirst = left.list().map(PackedList::scenes).orElse(0L);
    while (left.list().isPresent()) {
      assertThat(++rounds).isLessThan(10);
      PackedList rest = left.list().get();
      Submission retry = begin(array, submitter, request(rest, ITEMS_PER_JOB, first.id()));
      array.run(retry, read(array.out, rest));
      left = UnfinishedScenes.of(first, array.out, false);
    }

    // No scene is lost or embedded twice, and those that cannot be embedded are listed.
    assertThat(array.out.files()).isEqualTo((int) (SCENES - broken));
    assertThat(array.out.putAgain()).isZero();
    assertThat(left.permanentlyFailed()).isEqualTo(broken);
    assertThat(left.done()).isEqualTo(SCENES - broken);
    for (String key : keys) {
      boolean there = !array.out.existing(List.of(OutputKey.of(key))).isEmpty();
      assertThat(there).isEqualTo(!isBroken(key));
    }
    try (ArrayMonitor watch = new ArrayMonitor(array.out, Optional.empty(), Clock.systemUTC())) {
      ArrayStatus status = watch.status(Optional.empty());
      assertThat(status.runs()).hasSize(1 + rounds);
      assertThat(status.runs().get(0).reports().count()).isEqualTo(10_000);
    }

    double seconds = (System.nanoTime() - start) / 1e9;
    Runtime memory = Runtime.getRuntime();
    asBefore();
    log.info(
        "{} scenes, {} children: {} attempts ({}), {} children failed and left {} scenes, {} more"
            + " rounds of {} attempts; {} scenes wasted of {} started; {} s, {} MB of heap in use",
        SCENES,
        first.children(),
        attemptsOfFirst,
        array.fates,
        array.failedChildren,
        leftByFirst,
        rounds,
        array.attempts.get() - attemptsOfFirst,
        array.started.get() - array.out.files(),
        array.started,
        Math.round(seconds * 10) / 10.0,
        (memory.totalMemory() - memory.freeMemory()) >> 20);
  }

  /** Plans a submission and stores its list and record in the output. */
  private static Submission begin(Array array, Submitter submitter, SubmissionRequest request)
      throws IOException {
    Submission submission = submitter.plan(request, true);
    submitter.store(submission, request);
    return submission;
  }

  private static String[] read(MemoryStore out, PackedList list) throws IOException {
    SceneList all = SceneList.read("list", () -> out.stream(list.objectKey()), Shard.whole());
    return all.keys().toArray(String[]::new);
  }

  /** Also with a second array that starts in the middle of the list. */
  @ParameterizedTest
  @ValueSource(ints = {1, ITEMS_PER_JOB})
  void childrenReadTheSamePartOfTheListThatTheSimulationGivesThem(int itemsPerJob)
      throws IOException {
    String[] keys = keys(20_000);
    PackedList list = list(keys);
    MemoryStore out = new MemoryStore();
    out.put(list.objectKey(), list.gzip());
    Submission submission =
        new Submitter(out, Clock.systemUTC()).plan(request(list, itemsPerJob, null), false);
    int last = submission.children() - 1;
    for (int child : new int[] {0, 1, last / 2, last / 2 + 1, last}) {
      Shard shard = Array.shard(submission, child);
      assertThat(shard.index()).hasValue(child);
      Shard.Slice slice = shard.slice(keys.length);
      assertThat(SceneList.read("list", () -> out.stream(list.objectKey()), shard).keys())
          .isNotEmpty()
          .isEqualTo(Arrays.asList(keys).subList((int) slice.from(), (int) slice.to()));
    }
  }
}
