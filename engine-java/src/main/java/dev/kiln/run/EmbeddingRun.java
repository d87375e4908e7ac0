package dev.kiln.run;

import dev.kiln.error.MachineException;
import dev.kiln.infer.Encoder;
import dev.kiln.memory.BufferPool;
import dev.kiln.metrics.EnergyMeter;
import dev.kiln.metrics.ResourceUse;
import dev.kiln.pipeline.BoundedQueue;
import dev.kiln.pipeline.Monitor;
import dev.kiln.pipeline.Pipeline;
import dev.kiln.pipeline.Stage;
import dev.kiln.raster.StripWindow;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.slf4j.MDC;

/**
 * One shard, from scene list to finished files:
 *
 * <pre>
 *   scenes → fetch → [fetched] → decode → [strips] → fill → [computing] → encode → [finished] → write
 *                                                      ↑                     │
 *                                                      └────── [free] ───────┘
 * </pre>
 *
 * Each stage has its own threads. The queues between them are bounded, so memory does not grow with
 * the number of scenes, and the slowest stage limits the rate. Scenes finish in any order; the
 * bytes of a file depend neither on the order nor on the threads.
 *
 * <p>A scene that fails is recorded and the run goes on. Any other failure ends the run.
 */
final class EmbeddingRun {
  /** Writes mostly wait for the store's acknowledgement. */
  private static final int WRITE_THREADS = 4;

  private final EmbeddingJob job;
  private final RunOptions options;
  private final Encoder encoder;
  private final PendingScenes pending;
  private final SceneFetch fetch;
  private final SceneDecode decode;
  private final WriteStage write;
  private final BufferPool stripMemory;
  private final BoundedQueue<Batch> free;
  private final BoundedQueue<SceneAssembly> finished = new BoundedQueue<>("finished", 4);

  private final RunCounters counters;
  private final FailureLimit unreachable = new FailureLimit("scenes");
  private final EnergyMeter energy = new EnergyMeter(EnergyMeter.POWERCAP);
  private final Pipeline pipeline;
  private final Monitor monitor;

  /**
   * Creates a run.
   *
   * @param job its stores are borrowed
   * @param encoder borrowed
   * @param progress receives snapshots
   */
  EmbeddingRun(EmbeddingJob job, RunOptions options, Encoder encoder, ProgressListener progress) {
    this.job = job;
    this.options = options;
    this.encoder = encoder;
    this.stripMemory = new BufferPool(encoder.hostMemory());
    this.counters = new RunCounters(new FirstScenes(job.source()));
    this.pending =
        new PendingScenes(
            job.sceneKeys(),
            job.out(),
            options.overwrite(),
            counters,
            new ExistingFiles(job.out(), job.provenance(), options.verifyExisting()));
    this.fetch = new SceneFetch(job, options);
    this.decode =
        new SceneDecode(
            job.platform(),
            job.chips(),
            encoder.description().dim(),
            encoder.description().batchSize(),
            options.inflateThreads());
    this.write = new WriteStage(job, encoder.vectors(), counters);
    this.free = new BoundedQueue<>("free", options.slots());
    this.pipeline =
        Pipeline.from("fetch", options.fetchThreads(), this::fetch)
            .through(new BoundedQueue<>("fetched", options.fetchThreads()))
            .stage("decode", options.decodeThreads(), this::decode)
            .through(new BoundedQueue<>("strips", options.queuedStrips()))
            .stage("fill", 1, new Batcher(free, options.slots()))
            .through(new BoundedQueue<>("computing", options.slots()))
            .stage("encode", 1, new EncodeStage(job.platform(), free, counters))
            .through(finished)
            .to("write", WRITE_THREADS, write);
    this.monitor =
        new Monitor(
            pipeline,
            // Bytes count as progress, so that a slow connection is not a stall.
            () -> List.of(counters.counts(), job.source().traffic(), job.out().traffic()),
            options.stallLimit(),
            () -> {
              // Often, because its counters wrap around.
              energy.update();
              progress.tick(this::snapshot);
            });
  }

  /**
   * Embeds the shard; call once.
   *
   * @return what was done, also of a run that was stopped or that failed
   */
  RunReport run() throws InterruptedException {
    for (int i = 0; i < options.slots(); i++) {
      free.put(new Batch(encoder.newSlot()));
    }
    OptionalDouble joulesBefore = encoder.device().joules();
    Optional<Throwable> failure = monitor.run();
    if (pipeline.awaitEnd(Duration.ZERO)) {
      pipeline.abandon();
    }
    write.close();
    stripMemory.close();
    return RunReport.of(
        job,
        encoder.description(),
        snapshot(),
        options.pricePerHour(),
        ResourceUse.now(energy, joulesBefore, encoder.device().joules()),
        counters.failures(),
        counters.decisions(),
        failure,
        monitor.stopping());
  }

  /**
   * Ends the run early: no more scenes are started, scenes that are decoded completely are finished
   * and written, the others are left for the next run.
   */
  void stop() {
    monitor.stop();
  }

  private Snapshot snapshot() {
    return new Snapshot(
        monitor.seconds(),
        job.sceneKeys().size(),
        counters.counts(),
        pipeline.times(),
        pipeline.fills());
  }

  private Optional<PendingScene> nextScene() throws InterruptedException {
    try {
      return monitor.stopping() ? Optional.empty() : pending.next();
    } catch (IOException e) {
      throw new MachineException("cannot list the output: " + e.getMessage(), e);
    }
  }

  private void fetch(Stage stage, Pipeline.Output<FetchedScene> fetched)
      throws InterruptedException {
    for (Optional<PendingScene> next = nextScene(); next.isPresent(); next = nextScene()) {
      PendingScene scene = next.get();
      try {
        FetchedScene bytes = stage.work(scene.sceneKey(), () -> fetch.fetch(scene, stage));
        unreachable.success();
        counters.fetched(bytes.bytes());
        fetched.put(bytes);
        fetch.rest(bytes, stage, counters::fetched).ifPresent(this::countUnreachable);
      } catch (RuntimeException | VirtualMachineError e) {
        counters.failed(scene.sceneKey(), e);
        countUnreachable(e);
      }
    }
  }

  /** Ends the run if the source has been unreachable for several scenes in a row. */
  private void countUnreachable(Throwable failure) {
    if (StoreErrors.afterAllAttempts(failure)) {
      unreachable.failure(failure);
    }
  }

  private void decode(Stage stage, FetchedScene fetched, Pipeline.Output<StripWork> strips)
      throws InterruptedException {
    String sceneKey = fetched.sceneKey();
    SceneAssembly scene = null;
    boolean read = false;
    MDC.put("scene", fetched.sceneKey());
    try (fetched;
        DecodingScene decoding = decode.open(fetched)) {
      scene = decoding.scene();
      counters.opened(decoding.files(), decoding.surviving().cardinality());
      counters.itemId(sceneKey, fetched.scene().itemId());
      for (int i = 0; i < fetched.sections().size(); i++) {
        int section = i;
        stage.<Void, RuntimeException>waitFor(
            () -> {
              fetched.feed().await(section);
              return null;
            });
        List<StripWindow> windows = fetched.sections().get(section);
        for (StripWindow window : windows) {
          if (scene.givenUp() || monitor.stopping()) {
            return;
          }
          Optional<StripWork> strip =
              stage.work(sceneKey, 0, () -> decoding.read(window, windows, stripMemory));
          if (strip.isPresent()) {
            counters.decoded(strip.get().bytes());
            handOn(stage, strip.get(), strips);
          }
          if (window.endsRows() && scene.endRows()) {
            stage.put(finished, scene);
          }
        }
      }
      decoding.requireChips();
      counters.leftOut(decoding.leftOut());
      read = true;
      if (scene.allRead()) {
        // None of its chips is in the encoder any more.
        stage.put(finished, scene);
      }
      stage.done(1);
    } catch (RuntimeException | VirtualMachineError e) {
      if (scene == null || scene.giveUp()) {
        counters.failed(sceneKey, e);
      }
    } finally {
      if (scene != null && !read) {
        scene.giveUp();
      }
      MDC.remove("scene");
    }
  }

  private static void handOn(Stage stage, StripWork strip, Pipeline.Output<StripWork> strips)
      throws InterruptedException {
    if (strip.size() == 0) {
      strip.close();
      return;
    }
    stage.blockedBy(
        strip,
        () -> {
          strip.scene().add(strip.rows());
          return null;
        });
    strips.put(strip);
  }
}
