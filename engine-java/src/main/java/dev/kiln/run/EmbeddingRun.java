package dev.kiln.run;

import dev.kiln.error.MachineException;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderException;
import dev.kiln.memory.BufferPool;
import dev.kiln.metrics.EnergyMeter;
import dev.kiln.metrics.ResourceUse;
import dev.kiln.pipeline.BoundedQueue;
import dev.kiln.pipeline.Pipeline;
import dev.kiln.pipeline.Stage;
import dev.kiln.raster.StripWindow;
import dev.kiln.sink.GeoParquetWriter;
import dev.kiln.sink.OutputKey;
import dev.kiln.trace.Trace;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * One shard, from scene list to finished files:
 *
 * <pre>
 *   keys → fetch → [fetched] → decode → [strips] → fill → [computing] → encode → [finished] → write
 *                                                    ↑                     │
 *                                                    └────── [free] ───────┘
 * </pre>
 *
 * Each stage has threads of its own; the lanes between them are bounded, so memory does not grow
 * with the number of scenes and the slowest stage sets the pace. Scenes finish in any order; what
 * stands in a file depends on neither order nor threads.
 *
 * <p>A scene that fails is recorded and the run goes on. Anything else that fails ends the run.
 */
public final class EmbeddingRun {
  /** Most of a write is waiting for the store to say that it is safe. */
  private static final int WRITE_THREADS = 4;

  private final EmbeddingJob job;
  private final RunOptions options;
  private final Encoder encoder;
  private final PendingScenes keys;
  private final SceneFetch fetch;
  private final SceneDecode decode;
  private final BufferPool stripMemory;

  private final BoundedQueue<FetchedScene> fetched;
  private final BoundedQueue<StripWork> strips;
  private final BoundedQueue<Batch> computing;
  private final BoundedQueue<Batch> free;
  private final BoundedQueue<SceneAssembly> finished;

  private final RunCounters tally = new RunCounters();
  private final EnergyMeter energy = new EnergyMeter(EnergyMeter.POWERCAP);
  private final FailureLimit failedBatches = new FailureLimit("batches");
  private final FailureLimit failedWrites = new FailureLimit("writes");
  private final Pipeline chain;
  private final RunMonitor watch;

  /**
   * @param job its stores are borrowed
   * @param encoder borrowed
   * @param progress is told how the run goes
   */
  public EmbeddingRun(
      EmbeddingJob job, RunOptions options, Encoder encoder, ProgressListener progress) {
    this.job = job;
    this.options = options;
    this.encoder = encoder;
    this.stripMemory = new BufferPool(encoder.hostMemory());
    this.keys = new PendingScenes(job.keys(), job.out(), options.overwrite(), tally);
    this.fetch =
        new SceneFetch(
            job.archive(),
            job.source(),
            new SceneMasking(job.chips(), options.inflateThreads()),
            job.chips().chipSize(),
            options.attempts(),
            options.fetchMemory());
    this.decode =
        new SceneDecode(job.chips(), encoder.description().dim(), options.inflateThreads());
    this.fetched = new BoundedQueue<>("fetched", options.fetchThreads());
    this.strips = new BoundedQueue<>("strips", options.queuedStrips());
    this.computing = new BoundedQueue<>("computing", options.slots());
    this.free = new BoundedQueue<>("free", options.slots());
    this.finished = new BoundedQueue<>("finished", 4);
    this.chain =
        new Pipeline()
            .stage("fetch", options.fetchThreads(), this::fetch, fetched)
            .stage("decode", options.decodeThreads(), this::decode, strips)
            .stage("fill", 1, this::fill, computing)
            .stage("encode", 1, this::encode, finished)
            .stage("write", WRITE_THREADS, this::write, null);
    this.watch =
        new RunMonitor(
            chain,
            tally,
            List.of(fetched, strips, computing, finished),
            options.stallLimit(),
            job.keys().size(),
            snapshot -> {
              // Often, because its counters go round.
              energy.update();
              progress.tick(snapshot);
            });
  }

  /**
   * Embeds the shard; call once.
   *
   * @return what was done, also of a run that was stopped or that failed on the way
   */
  public RunReport run() throws InterruptedException {
    for (int i = 0; i < options.slots(); i++) {
      free.put(new Batch(encoder.newSlot()));
    }
    OptionalDouble deviceJoules = encoder.device().joules();
    Throwable failure = watch.runToTheEnd();
    if (chain.ended(Duration.ZERO)) {
      fetched.abandon();
      strips.abandon();
    }
    stripMemory.close();
    return RunReport.of(
        job,
        encoder.description(),
        watch.snapshot(),
        options.pricePerHour(),
        ResourceUse.until(energy, encoder, deviceJoules),
        tally.failures(),
        failure,
        watch.stopping());
  }

  /**
   * Ends the run early: no more scenes are taken, those that are wholly decoded are finished and
   * written, the others are left for the next run.
   */
  public void stop() {
    watch.stop();
  }

  private String nextKey() {
    try {
      return watch.stopping() ? null : keys.next();
    } catch (IOException e) {
      throw new MachineException("asking which files are there failed: " + e.getMessage(), e);
    }
  }

  private void fetch(Stage stage) throws InterruptedException {
    for (String key = nextKey(); key != null; key = nextKey()) {
      try {
        String wanted = key;
        FetchedScene scene = Trace.within("fetch", key, () -> fetch.fetch(wanted, stage));
        tally.fetched(scene.bytes());
        stage.done(1);
        stage.put(fetched, scene);
      } catch (RuntimeException e) {
        tally.failed(key, e);
      }
    }
  }

  private void decode(Stage stage) throws InterruptedException {
    for (FetchedScene next = stage.take(fetched); next != null; next = stage.take(fetched)) {
      decode(next, stage);
    }
  }

  private void decode(FetchedScene bytes, Stage stage) throws InterruptedException {
    SceneAssembly scene = null;
    try (bytes;
        DecodingScene decoding = decode.open(bytes)) {
      scene = decoding.scene();
      tally.opened(decoding.files());
      for (StripWindow window : decoding.windows()) {
        if (scene.givenUp() || watch.stopping()) {
          scene.giveUp();
          return;
        }
        StripWork strip =
            Trace.within("decode", bytes.scene().key(), () -> decoding.read(window, stripMemory));
        tally.decoded(strip.bytes());
        if (strip.chips().length == 0) {
          strip.close();
        } else {
          stage.put(strips, strip);
        }
      }
      if (scene.allRead()) {
        stage.put(finished, scene);
      }
      stage.done(1);
    } catch (RuntimeException e) {
      if (scene == null || scene.giveUp()) {
        tally.failed(bytes.scene().key(), e);
      }
    }
  }

  private void fill(Stage stage) throws InterruptedException {
    // A batch has one gsd, so there is one open batch for each gsd met.
    Map<Float, Batch> open = new LinkedHashMap<>();
    for (StripWork strip = stage.take(strips); strip != null; strip = stage.take(strips)) {
      if (strip.scene().givenUp()) {
        strip.close();
        continue;
      }
      Trace.begin("fill", strip.scene().scene().key());
      try {
        fill(strip, open, stage);
      } finally {
        Trace.end();
      }
      stage.done(strip.chips().length);
    }
    while (!open.isEmpty()) {
      start(open.keySet().iterator().next(), open, stage);
    }
  }

  private void fill(StripWork strip, Map<Float, Batch> open, Stage stage)
      throws InterruptedException {
    float gsd = (float) strip.scene().scene().gsd();
    for (int chip : strip.chips()) {
      if (!open.containsKey(gsd)) {
        if (open.size() == options.slots()) {
          // Every slot holds a part of a batch: one must go, or none would ever come free.
          start(open.keySet().iterator().next(), open, stage);
        }
        open.put(gsd, stage.takeBack(free));
      }
      open.get(gsd).put(strip, chip);
      if (open.get(gsd).isFull()) {
        start(gsd, open, stage);
      }
    }
  }

  private void start(float gsd, Map<Float, Batch> open, Stage stage) throws InterruptedException {
    Batch batch = open.remove(gsd);
    batch.slot().start(gsd);
    stage.put(computing, batch);
  }

  private void encode(Stage stage) throws InterruptedException {
    for (Batch batch = stage.take(computing); batch != null; batch = stage.take(computing)) {
      try {
        FloatBuffer embeddings = Trace.within("await", batch.size(), batch.slot()::await);
        for (SceneAssembly scene : batch.deliver(embeddings)) {
          stage.put(finished, scene);
        }
        stage.done(batch.size());
        tally.embedded(batch.size());
        failedBatches.success();
      } catch (EncoderException e) {
        for (SceneAssembly scene : batch.scenes()) {
          if (scene.giveUp()) {
            tally.failed(scene.scene().key(), e);
          }
        }
        failedBatches.failure(e);
      }
      batch.clear();
      free.put(batch);
    }
  }

  private void write(Stage stage) throws InterruptedException {
    for (SceneAssembly scene = stage.take(finished); scene != null; scene = stage.take(finished)) {
      String key = scene.scene().key();
      try {
        SceneAssembly whole = scene;
        int bytes = Trace.within("write", key, () -> write(whole, key));
        tally.written(bytes);
        stage.done(1);
        failedWrites.success();
      } catch (IOException | RuntimeException e) {
        tally.failed(key, e);
        failedWrites.failure(e);
      }
    }
  }

  /** Bytes of the scene's file, which is safe then. */
  private int write(SceneAssembly scene, String key) throws IOException {
    byte[] file =
        GeoParquetWriter.toBytes(
            scene.table(job.platform().name(), job.chips().chipSize()), job.provenance());
    job.out().put(OutputKey.of(key), file);
    return file.length;
  }
}
