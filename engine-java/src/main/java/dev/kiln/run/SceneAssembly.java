package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.chip.Chip;
import dev.kiln.sink.SceneTable;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * A scene between decode and write: its chips in grid order, and their embeddings as they are
 * delivered. It is complete when all its strips have been read and all its embeddings delivered;
 * exactly one call reports that.
 */
final class SceneAssembly {
  private final Scene scene;
  private final String outputKey;
  private final Chip[] chips;
  private final BitSet leftOut = new BitSet();
  private final float[] time;
  private final List<float[]> locations;
  private final int dim;
  private final SceneDecisions decisions;
  private double gsd;
  private final float[] embeddings;
  private int missing;
  private boolean givenUp;

  /**
   * Creates the assembly of one scene.
   *
   * @param outputKey key of its file in the output
   * @param time encoding of the acquisition time, the same for all chips
   * @param locations encodings of the chips' locations, one per chip
   * @param dim length of an embedding
   */
  SceneAssembly(
      Scene scene,
      String outputKey,
      List<Chip> chips,
      float[] time,
      List<float[]> locations,
      int dim) {
    this.scene = scene;
    this.outputKey = outputKey;
    this.chips = chips.toArray(Chip[]::new);
    this.time = time;
    this.locations = List.copyOf(locations);
    this.dim = dim;
    this.decisions = new SceneDecisions(scene.sceneKey());
    this.gsd = scene.gsd();
    this.embeddings = new float[Math.multiplyExact(chips.size(), dim)];
    // One more than embeddings: the strips, which must all have been read.
    this.missing = chips.size() + 1;
  }

  String sceneKey() {
    return scene.sceneKey();
  }

  String outputKey() {
    return outputKey;
  }

  /** Returns the ground sample distance in metres per pixel. */
  synchronized double gsd() {
    return gsd;
  }

  /** Returns the length of an embedding. */
  int dim() {
    return dim;
  }

  /** Replaces the ground sample distance that the metadata state. */
  synchronized void gsd(double metres) {
    gsd = metres;
  }

  /** Returns the decisions that change the scene's vectors. */
  SceneDecisions decisions() {
    return decisions;
  }

  synchronized Chip chip(int chipIndex) {
    return chips[chipIndex];
  }

  float[] time() {
    return time;
  }

  float[] location(int chipIndex) {
    return locations.get(chipIndex);
  }

  /** Replaces a chip by one with the same place. */
  synchronized void update(int chipIndex, Chip chip) {
    chips[chipIndex] = chip;
  }

  /** Leaves a chip out of the file. */
  synchronized void leaveOut(int chipIndex) {
    leftOut.set(chipIndex);
    missing--;
  }

  /** Returns how many chips were left out so far. */
  synchronized int leftOutCount() {
    return leftOut.cardinality();
  }

  /**
   * Records that all strips have been read.
   *
   * @return whether the scene is complete and was not given up
   */
  synchronized boolean allRead() {
    missing--;
    return missing == 0 && !givenUp;
  }

  /**
   * Copies the embedding of one chip.
   *
   * @param batch embeddings {@code [n, dim]}
   * @param row of the chip in the batch
   * @return whether the scene is complete and was not given up
   */
  synchronized boolean deliver(int chipIndex, FloatBuffer batch, int row) {
    batch.get(row * dim, embeddings, chipIndex * dim, dim);
    missing--;
    return missing == 0 && !givenUp;
  }

  /**
   * Gives the scene up: it is never complete.
   *
   * @return whether this was the first call
   */
  synchronized boolean giveUp() {
    boolean first = !givenUp;
    givenUp = true;
    return first;
  }

  synchronized boolean givenUp() {
    return givenUp;
  }

  /** Returns the rows of the scene's file; the scene must be complete. */
  synchronized SceneTable table(String platform, int chipSize) {
    if (missing != 0) {
      throw new IllegalStateException(
          scene.sceneKey() + ": " + missing + " embeddings or strips are still pending");
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
        gsd,
        scene.uri(),
        chipSize,
        kept,
        vectors,
        dim,
        decisions.byName());
  }
}
