package dev.kiln.run;

import dev.kiln.memory.BufferPool;
import dev.kiln.pipeline.BoundedQueue;
import dev.kiln.pipeline.Pipeline;
import dev.kiln.pipeline.Stage;
import dev.kiln.raster.StripWindow;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.MDC;

/** Decodes the strips of a scene, one after the other, and releases the scene's bytes. */
final class DecodeStage implements Pipeline.Step<FetchedScene, StripWork> {
  private final SceneDecode decode;
  private final BufferPool memory;
  private final BoundedQueue<SceneAssembly> finished;
  private final RunCounters counters;
  private final BooleanSupplier stopping;

  /**
   * Creates the stage.
   *
   * @param memory of strips
   * @param finished receives scenes with rows to write that the encoder has not handed on
   * @param stopping whether scenes that are not decoded completely are given up
   */
  DecodeStage(
      SceneDecode decode,
      BufferPool memory,
      BoundedQueue<SceneAssembly> finished,
      RunCounters counters,
      BooleanSupplier stopping) {
    this.decode = decode;
    this.memory = memory;
    this.finished = finished;
    this.counters = counters;
    this.stopping = stopping;
  }

  @Override
  public void apply(Stage stage, FetchedScene fetched, Pipeline.Output<StripWork> strips)
      throws InterruptedException {
    String sceneKey = fetched.sceneKey();
    SceneAssembly scene = null;
    boolean read = false;
    MDC.put("scene", sceneKey);
    try (fetched;
        DecodingScene decoding = decode.open(fetched)) {
      scene = decoding.scene();
      counters.opened(decoding.files(), decoding.surviving().cardinality());
      counters.itemId(sceneKey, fetched.scene().itemId());
      read = readStrips(stage, fetched, decoding, strips);
      if (read) {
        decoding.requireChips();
        counters.leftOut(decoding.leftOut());
        if (scene.allRead()) {
          // None of its chips is in the encoder any more.
          stage.put(finished, scene);
        }
        stage.done(1);
      }
    } catch (RuntimeException | VirtualMachineError e) {
      read = false;
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

  /** Reads all strips, section by section; returns false if the scene is given up before. */
  private boolean readStrips(
      Stage stage, FetchedScene fetched, DecodingScene decoding, Pipeline.Output<StripWork> strips)
      throws InterruptedException {
    SceneAssembly scene = decoding.scene();
    for (int i = 0; i < fetched.sections().size(); i++) {
      int section = i;
      stage.<Void, RuntimeException>waitFor(
          () -> {
            fetched.feed().await(section);
            return null;
          });
      List<StripWindow> windows = fetched.sections().get(section);
      for (StripWindow window : windows) {
        if (scene.givenUp() || stopping.getAsBoolean()) {
          return false;
        }
        Optional<StripWork> strip =
            stage.work(fetched.sceneKey(), 0, () -> decoding.read(window, windows, memory));
        if (strip.isPresent()) {
          counters.decoded(strip.get().bytes());
          handOn(stage, strip.get(), strips);
        }
        if (window.endsRows() && scene.endRows()) {
          stage.put(finished, scene);
        }
      }
    }
    return true;
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
