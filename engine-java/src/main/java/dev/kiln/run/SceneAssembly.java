package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.chip.Chip;
import dev.kiln.sink.SceneTable;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * A scene on its way through the encoder: its chips in grid order and the embeddings that have come
 * home. It is complete when all its strips have been read and the last embedding is home; exactly
 * one caller is told so.
 */
final class SceneAssembly {
  private final Scene scene;
  private final Chip[] chips;
  private final BitSet leftOut = new BitSet();
  private final float[] time;
  private final List<float[]> locations;
  private final int dim;
  private final float[] embeddings;
  private int missing;
  private boolean givenUp;

  /**
   * @param time of all chips, as the encoder takes it
   * @param locations one a chip, as the encoder takes it
   */
  SceneAssembly(Scene scene, List<Chip> chips, float[] time, List<float[]> locations, int dim) {
    this.scene = scene;
    this.chips = chips.toArray(Chip[]::new);
    this.time = time;
    this.locations = List.copyOf(locations);
    this.dim = dim;
    this.embeddings = new float[Math.multiplyExact(chips.size(), dim)];
    // One more than embeddings: that all strips have been read.
    this.missing = chips.size() + 1;
  }

  Scene scene() {
    return scene;
  }

  synchronized Chip chip(int index) {
    return chips[index];
  }

  float[] time() {
    return time;
  }

  float[] location(int chip) {
    return locations.get(chip);
  }

  /** Replaces a chip by what is known of it now. */
  synchronized void update(int index, Chip chip) {
    chips[index] = chip;
  }

  /** Leaves a chip out: it is not worth embedding. */
  synchronized void leaveOut(int index) {
    leftOut.set(index);
    missing--;
  }

  /**
   * Says that all strips have been read.
   *
   * @return true if the scene is complete and was not given up
   */
  synchronized boolean allRead() {
    missing--;
    return missing == 0 && !givenUp;
  }

  /**
   * Takes one embedding home.
   *
   * @param batch embeddings {@code [n, dim]}
   * @param at its row in the batch
   * @return true if the scene is complete and was not given up
   */
  synchronized boolean home(int chip, FloatBuffer batch, int at) {
    batch.get(at * dim, embeddings, chip * dim, dim);
    missing--;
    return missing == 0 && !givenUp;
  }

  /**
   * Gives the scene up; chips that are under way count no more.
   *
   * @return true the first time
   */
  synchronized boolean giveUp() {
    boolean first = !givenUp;
    givenUp = true;
    return first;
  }

  synchronized boolean givenUp() {
    return givenUp;
  }

  /** The rows of its file, once all embeddings are home. */
  synchronized SceneTable table(String platform, int chipSize) {
    if (missing != 0) {
      throw new IllegalStateException(
          scene.key() + ": " + missing + " embeddings or strips are not home yet");
    }
    List<Chip> kept = new ArrayList<>();
    float[] vectors = new float[(chips.length - leftOut.cardinality()) * dim];
    for (int i = leftOut.nextClearBit(0); i < chips.length; i = leftOut.nextClearBit(i + 1)) {
      System.arraycopy(embeddings, i * dim, vectors, kept.size() * dim, dim);
      kept.add(chips[i]);
    }
    return new SceneTable(
        scene.itemId(),
        platform,
        scene.datetime(),
        scene.gsd(),
        scene.uri(),
        chipSize,
        kept,
        vectors,
        dim);
  }
}
