package dev.kiln.run;

import dev.kiln.chip.Chip;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.EncoderException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** A slot of the encoder, and the scene and chip that each of its rows belongs to. */
final class Batch {
  private record Entry(StripWork strip, int row) {}

  private final BatchSlot slot;
  private final List<Entry> entries = new ArrayList<>();

  /**
   * Creates an empty batch.
   *
   * @param slot owned by the encoder
   */
  Batch(BatchSlot slot) {
    this.slot = slot;
  }

  int size() {
    return entries.size();
  }

  boolean isFull() {
    return slot.size() == slot.capacity();
  }

  /** Adds a chip of a strip. */
  void put(StripWork strip, int row) {
    Chip chip = strip.chip(row);
    slot.put(
        strip.strip(),
        strip.column(chip),
        strip.top(chip),
        strip.scene().time(),
        strip.rows().location(row));
    entries.add(new Entry(strip, row));
  }

  /** Starts encoding. */
  void start(float gsd) {
    slot.start(gsd);
  }

  /**
   * Waits for the embeddings.
   *
   * @return {@code [size, dim]}, valid until {@link #clear}
   */
  FloatBuffer await() throws EncoderException, InterruptedException {
    return slot.await();
  }

  /**
   * Copies the embeddings to their scenes. A scene with an embedding that is not finite is given
   * up.
   *
   * @param embeddings {@code [size, dim]}
   * @param check explains embeddings that are not finite
   * @param counters records the scenes that are given up
   * @return the scenes that are to be handed to the write stage
   */
  List<SceneAssembly> deliver(FloatBuffer embeddings, FiniteCheck check, RunCounters counters) {
    int dim = entries.get(0).strip().scene().dim();
    boolean finite = FiniteCheck.isFinite(embeddings, 0, entries.size() * dim);
    List<SceneAssembly> ready = new ArrayList<>();
    for (int i = 0; i < entries.size(); i++) {
      StripWork strip = entries.get(i).strip();
      int row = entries.get(i).row();
      SceneAssembly scene = strip.scene();
      if (!finite && !FiniteCheck.isFinite(embeddings, i * dim, dim) && scene.giveUp()) {
        counters.failed(scene.sceneKey(), check.error(strip, strip.chip(row), slot.chipSize()));
      }
      if (scene.deliver(strip.rows(), row, embeddings, i)) {
        ready.add(scene);
      }
    }
    return ready;
  }

  /** Returns the scenes that have chips in this batch. */
  Set<SceneAssembly> scenes() {
    Set<SceneAssembly> scenes = new LinkedHashSet<>();
    entries.forEach(entry -> scenes.add(entry.strip().scene()));
    return scenes;
  }

  /** Releases the strips and empties the slot for the next batch. */
  void clear() {
    entries.forEach(entry -> entry.strip().release());
    entries.clear();
    slot.clear();
  }
}
