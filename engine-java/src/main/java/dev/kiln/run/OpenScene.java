package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.chip.Chip;
import dev.kiln.sink.SceneTable;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * A scene on its way through the encoder: its chips in grid order and the embeddings that have come
 * home. Exactly one caller is told that the last one has.
 */
final class OpenScene {
  private final Scene scene;
  private final List<Chip> chips;
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
  OpenScene(Scene scene, List<Chip> chips, float[] time, List<float[]> locations, int dim) {
    this.scene = scene;
    this.chips = List.copyOf(chips);
    this.time = time;
    this.locations = List.copyOf(locations);
    this.dim = dim;
    this.embeddings = new float[Math.multiplyExact(chips.size(), dim)];
    this.missing = chips.size();
  }

  Scene scene() {
    return scene;
  }

  List<Chip> chips() {
    return chips;
  }

  float[] time() {
    return time;
  }

  float[] location(int chip) {
    return locations.get(chip);
  }

  /**
   * Takes one embedding home.
   *
   * @param batch embeddings {@code [n, dim]}
   * @param at its row in the batch
   * @return true for the last one of a scene that was not given up
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
          scene.key() + ": " + missing + " embeddings are not home yet");
    }
    return new SceneTable(
        scene.itemId(),
        platform,
        scene.datetime(),
        scene.gsd(),
        scene.uri(),
        chipSize,
        chips,
        embeddings,
        dim);
  }
}
