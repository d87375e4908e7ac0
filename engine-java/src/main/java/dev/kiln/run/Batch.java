package dev.kiln.run;

import dev.kiln.chip.Chip;
import dev.kiln.infer.BatchSlot;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** A slot of the encoder, and where each of its embeddings is at home. */
final class Batch {
  private record Home(StripWork strip, int chip) {}

  private final BatchSlot slot;
  private final List<Home> homes = new ArrayList<>();

  Batch(BatchSlot slot) {
    this.slot = slot;
  }

  BatchSlot slot() {
    return slot;
  }

  int size() {
    return homes.size();
  }

  boolean isFull() {
    return slot.size() == slot.capacity();
  }

  /** Adds chip number {@code index} of the strip's scene. */
  void put(StripWork strip, int index) {
    SceneAssembly scene = strip.scene();
    Chip chip = scene.chip(index);
    slot.put(
        strip.strip(),
        chip.x() * slot.chipSize(),
        chip.y() * slot.chipSize(),
        scene.time(),
        scene.location(index));
    homes.add(new Home(strip, index));
  }

  /**
   * Takes the embeddings home.
   *
   * @param embeddings {@code [size, dim]}
   * @return the scenes that are complete with them
   */
  List<SceneAssembly> deliver(FloatBuffer embeddings) {
    List<SceneAssembly> complete = new ArrayList<>();
    for (int i = 0; i < homes.size(); i++) {
      SceneAssembly scene = homes.get(i).strip().scene();
      if (scene.home(homes.get(i).chip(), embeddings, i)) {
        complete.add(scene);
      }
    }
    return complete;
  }

  /** The scenes that have chips in this batch. */
  Set<SceneAssembly> scenes() {
    Set<SceneAssembly> scenes = new LinkedHashSet<>();
    homes.forEach(home -> scenes.add(home.strip().scene()));
    return scenes;
  }

  /** Lets go of the strips and empties the slot for the next batch. */
  void clear() {
    homes.forEach(home -> home.strip().release());
    homes.clear();
    slot.clear();
  }
}
