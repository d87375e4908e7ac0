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
  private record Entry(StripWork strip, int chipIndex) {}

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

  /** Adds a chip of the strip's scene. */
  void put(StripWork strip, int chipIndex) {
    SceneAssembly scene = strip.scene();
    Chip chip = scene.chip(chipIndex);
    int chipSize = slot.chipSize();
    slot.put(
        strip.strip(),
        chip.x() * chipSize,
        chip.y() * chipSize,
        scene.time(),
        scene.location(chipIndex));
    entries.add(new Entry(strip, chipIndex));
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
   * Copies the embeddings to their scenes.
   *
   * @param embeddings {@code [size, dim]}
   * @return the scenes that are complete now
   */
  List<SceneAssembly> deliver(FloatBuffer embeddings) {
    List<SceneAssembly> complete = new ArrayList<>();
    for (int row = 0; row < entries.size(); row++) {
      SceneAssembly scene = entries.get(row).strip().scene();
      if (scene.deliver(entries.get(row).chipIndex(), embeddings, row)) {
        complete.add(scene);
      }
    }
    return complete;
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
