package dev.kiln.run;

import dev.kiln.error.Count;
import dev.kiln.error.MachineException;
import dev.kiln.memory.PagePool;
import dev.kiln.pipeline.BoundedQueue;
import dev.kiln.pipeline.Pipeline;
import dev.kiln.pipeline.Stage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;

/**
 * What a run would do: which files exist, and, estimated from a sample of the other scenes, how
 * many chips it would embed and how many bytes it would transfer.
 *
 * @param scenes scenes of the shard
 * @param alreadyDone scenes whose file exists
 * @param sampled scenes that were opened: their headers and masks were fetched
 * @param chips chips to embed, less those that turn out to be nodata; an estimate
 * @param bytesToFetch bytes of objects; an estimate
 * @param bytesToWrite bytes of vectors; an estimate
 * @param failures scenes of the sample that cannot be embedded
 * @param outputs URIs of the files that would be written
 */
public record DryRun(
    long scenes,
    long alreadyDone,
    long sampled,
    long chips,
    long bytesToFetch,
    long bytesToWrite,
    List<FailedScene> failures,
    List<String> outputs) {
  /** Scenes that are opened: the first, which are spread over the list, and as many again. */
  private static final int SAMPLE = 2 * FirstScenes.COUNT;

  private static final Duration TICK = Duration.ofMillis(100);

  /** A scene of the sample: its chips, and the bytes to fetch with headers and mask. */
  private record Planned(long chips, long bytes) {}

  /**
   * Looks at the output, and at a sample of the scenes that have no file there.
   *
   * @param dim width of a vector
   */
  static DryRun of(EmbeddingJob job, RunOptions options, int dim) throws InterruptedException {
    RunCounters counters = new RunCounters(new FirstScenes(job.source()));
    List<PendingScene> left = pending(job, options, counters);
    Queue<PendingScene> sample = new ArrayDeque<>(sample(left));
    List<Planned> planned = new ArrayList<>();
    Optional<Throwable> failure;
    // Nothing but headers and masks is fetched, which needs no memory of earlier scenes.
    try (PagePool none = new PagePool(0)) {
      SceneFetch fetch = new SceneFetch(job, options, none);
      Pipeline pipeline =
          Pipeline.<Planned>from(
                  "plan",
                  options.fetchThreads(),
                  (stage, output) -> plan(stage, fetch, sample, counters, output))
              .through(new BoundedQueue<>("planned", SAMPLE))
              .to("sum", 1, (stage, scene) -> planned.add(scene));
      pipeline.start();
      while (!pipeline.awaitEnd(TICK)) {
        // Ends when all threads have.
      }
      failure = pipeline.failure();
    }
    if (failure.isPresent()) {
      throw failure.get() instanceof RuntimeException e
          ? e
          : new MachineException("dry run: " + failure.get(), failure.get());
    }
    double scale = planned.isEmpty() ? 0 : (double) left.size() / planned.size();
    long chips = Math.round(scale * planned.stream().mapToLong(Planned::chips).sum());
    return new DryRun(
        job.sceneKeys().size(),
        counters.counts().alreadyDone(),
        planned.size(),
        chips,
        Math.round(scale * planned.stream().mapToLong(Planned::bytes).sum()),
        chips * dim * Float.BYTES,
        counters.failures(),
        left.stream().map(scene -> job.out().uri(scene.outputKey())).toList());
  }

  private static List<PendingScene> pending(
      EmbeddingJob job, RunOptions options, RunCounters counters) throws InterruptedException {
    PendingScenes pending =
        new PendingScenes(
            job.sceneKeys(), job.out(), options.overwrite(), counters, existing -> existing);
    List<PendingScene> left = new ArrayList<>();
    try {
      for (var next = pending.next(); next.isPresent(); next = pending.next()) {
        left.add(next.get());
      }
      return left;
    } catch (IOException e) {
      throw new MachineException("cannot list the output: " + e.getMessage(), e);
    }
  }

  private static List<PendingScene> sample(List<PendingScene> left) {
    int first = Math.min(FirstScenes.COUNT, left.size());
    List<PendingScene> sample = new ArrayList<>(left.subList(0, first));
    List<PendingScene> others =
        PendingScenes.spread(left.subList(first, left.size()), SAMPLE - FirstScenes.COUNT);
    sample.addAll(others.subList(0, Math.min(SAMPLE - FirstScenes.COUNT, others.size())));
    return sample;
  }

  private static void plan(
      Stage stage,
      SceneFetch fetch,
      Queue<PendingScene> sample,
      RunCounters counters,
      Pipeline.Output<Planned> output)
      throws InterruptedException {
    for (PendingScene scene = poll(sample); scene != null; scene = poll(sample)) {
      try (PlannedScene planned = fetch.plan(scene, stage)) {
        output.put(new Planned(planned.chips(), planned.bytes()));
      } catch (RuntimeException e) {
        counters.failed(scene.sceneKey(), e);
      }
    }
  }

  private static PendingScene poll(Queue<PendingScene> sample) {
    synchronized (sample) {
      return sample.poll();
    }
  }

  /** {@return the result as a few lines of text} */
  public String text() {
    StringBuilder text = new StringBuilder();
    line(
        text,
        "scenes   %,d: %,d finished before, %,d to embed",
        scenes,
        alreadyDone,
        outputs.size());
    if (sampled > 0) {
      line(
          text,
          "chips    %,d%s, less those without data",
          chips,
          sampled == outputs.size() ? "" : ", estimated from " + Count.of(sampled, "scene"));
      line(
          text,
          "bytes    %,.1f MB to fetch, about %,.1f MB to write",
          bytesToFetch / 1e6,
          bytesToWrite / 1e6);
    }
    if (!outputs.isEmpty()) {
      line(text, "files    %,d, such as %s", outputs.size(), outputs.get(0));
    }
    for (FailedScene failure : failures) {
      line(text, "failed   %s: %s", failure.key(), failure.description());
    }
    line(text, "Nothing was embedded or written.");
    return text.toString();
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
