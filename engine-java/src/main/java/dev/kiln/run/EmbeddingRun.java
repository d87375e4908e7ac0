package dev.kiln.run;

import dev.kiln.infer.Encoder;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.PagePool;
import dev.kiln.metrics.CpuQuota;
import dev.kiln.metrics.EnergyMeter;
import dev.kiln.metrics.ResourceUse;
import dev.kiln.pipeline.BoundedQueue;
import dev.kiln.pipeline.Monitor;
import dev.kiln.pipeline.Pipeline;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

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
  private final WriteStage write;
  private final PagePool fetchMemory;
  private final BufferPool stripMemory;
  private final BoundedQueue<Batch> free;
  private final BoundedQueue<SceneAssembly> finished = new BoundedQueue<>("finished", 4);

  private final RunCounters counters;
  private final EnergyMeter energy = new EnergyMeter(EnergyMeter.POWERCAP);
  private final CpuQuota quota = new CpuQuota();
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
    this.fetchMemory = new PagePool(options.fetchMemory());
    this.stripMemory = new BufferPool(encoder.hostMemory());
    this.counters = new RunCounters(new FirstScenes(job.source()));
    PendingScenes pending =
        new PendingScenes(
            job.sceneKeys(),
            job.out(),
            options.overwrite(),
            counters,
            new ExistingFiles(job.out(), job.provenance(), options.verifyExisting()));
    FetchStage fetch =
        new FetchStage(
            pending, new SceneFetch(job, options, fetchMemory), counters, this::stopping);
    SceneDecode scenes =
        new SceneDecode(
            job.platform(),
            job.chips(),
            encoder.description().dim(),
            encoder.description().batchSize(),
            options.inflateThreads());
    DecodeStage decode = new DecodeStage(scenes, stripMemory, finished, counters, this::stopping);
    this.write = new WriteStage(job, encoder.vectors(), counters);
    this.free = new BoundedQueue<>("free", options.slots());
    this.pipeline =
        Pipeline.from("fetch", options.fetchThreads(), fetch)
            .through(new BoundedQueue<>("fetched", options.fetchThreads()))
            .stage("decode", options.decodeThreads(), decode)
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
              quota.check(seconds());
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
    fetchMemory.close();
    return RunReport.of(
        job,
        encoder.description(),
        snapshot(),
        options.pricePerHour(),
        ResourceUse.now(quota, energy, joulesBefore, encoder.device().joules()),
        counters.failures(),
        counters.decisions(),
        failure,
        stopping());
  }

  /**
   * Ends the run early: no more scenes are started, scenes that are decoded completely are finished
   * and written, the others are left for the next run.
   */
  void stop() {
    monitor.stop();
  }

  private boolean stopping() {
    return monitor.stopping();
  }

  private double seconds() {
    return monitor.seconds();
  }

  private Snapshot snapshot() {
    return new Snapshot(
        seconds(), job.sceneKeys().size(), counters.counts(), pipeline.times(), pipeline.fills());
  }
}
