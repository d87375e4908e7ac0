package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.chip.Chip;
import dev.kiln.sink.ChipRows;
import dev.kiln.sink.SceneInfo;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * A scene between decode and write. Its strips add rows in the order of the file; embeddings arrive
 * as they are computed; consecutive complete strips become row groups, which the write stage takes
 * one by one. A scene of any size therefore holds a few row groups at most.
 *
 * <p>The scene is handed to the write stage when a row group is ready, and again for later ones; it
 * is there at most once at a time.
 */
final class SceneAssembly {
  /** Vectors in a row group, at least: ordinary scenes have one group. */
  private static final int GROUP_BYTES = 32 << 20;

  private final Scene scene;
  private final String outputKey;
  private final float[] time;
  private final int dim;
  private final int groupRows;
  private final int batchRows;
  private final SceneDecisions decisions;
  private final Deque<StripRows> strips = new ArrayDeque<>();
  private double gsd;
  private int waitingRows;
  private boolean allRead;
  private boolean handedOn;
  private boolean lastTaken;
  private boolean givenUp;
  private Optional<SceneOutput> output = Optional.empty();

  /**
   * Creates the assembly of one scene.
   *
   * @param outputKey key of its file in the output
   * @param time encoding of the acquisition time, the same for all chips
   * @param dim number of values of a chip: of its embedding, or of all its vectors
   * @param batchRows rows that can wait in a batch that is not full
   */
  SceneAssembly(Scene scene, String outputKey, float[] time, int dim, int batchRows) {
    this.scene = scene;
    this.outputKey = outputKey;
    this.time = time;
    this.dim = dim;
    this.groupRows = Math.max(1, GROUP_BYTES / (dim * Float.BYTES));
    this.batchRows = batchRows;
    this.decisions = new SceneDecisions(scene.sceneKey());
    this.gsd = scene.gsd();
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

  float[] time() {
    return time;
  }

  /**
   * Returns what all rows of the file share.
   *
   * @param vectorLength length of one vector
   */
  SceneInfo info(String platform, int chipSize, int vectorLength) {
    return new SceneInfo(
        scene.itemId(), platform, scene.datetime(), gsd(), scene.uri(), chipSize, vectorLength);
  }

  /**
   * Adds the rows of the next strip, waiting while the write stage has row groups to catch up with.
   * Waits only if a complete row group is certain to be there: rows can be stuck in a batch that is
   * not full until more follow.
   */
  synchronized void add(StripRows strip) throws InterruptedException {
    while (!givenUp
        && waitingRows >= 2 * groupRows
        && waitingRows >= rowsOfNextGroup() + batchRows) {
      wait();
    }
    if (!givenUp && strip.size() > 0) {
      strips.add(strip);
      waitingRows += strip.size();
    }
  }

  private int rowsOfNextGroup() {
    int count = 0;
    for (StripRows strip : strips) {
      count += strip.size();
      if (count >= groupRows) {
        break;
      }
    }
    return count;
  }

  /**
   * Records that all strips have been read.
   *
   * @return whether the caller has to hand the scene to the write stage
   */
  synchronized boolean allRead() {
    allRead = true;
    return handOn();
  }

  /**
   * Copies the embedding of one chip.
   *
   * @param strip rows that the chip belongs to
   * @param row of the chip in the strip
   * @param batch embeddings {@code [n, dim]}
   * @param batchRow of the chip in the batch
   * @return whether the caller has to hand the scene to the write stage
   */
  synchronized boolean deliver(StripRows strip, int row, FloatBuffer batch, int batchRow) {
    return strip.deliver(row, batch, batchRow) && handOn();
  }

  private boolean handOn() {
    if (handedOn || givenUp || !isGroupReady()) {
      return false;
    }
    handedOn = true;
    return true;
  }

  private boolean isGroupReady() {
    int count = 0;
    for (StripRows strip : strips) {
      if (!strip.isComplete()) {
        return false;
      }
      count += strip.size();
      if (count >= groupRows) {
        return true;
      }
    }
    return allRead && !lastTaken;
  }

  /**
   * A row group to write.
   *
   * @param rows chips and embeddings; none if the scene has no chip
   * @param last whether the file is complete with it
   */
  record RowGroup(ChipRows rows, boolean last) {}

  /** Takes the next row group; empty if the scene is to be handed on again for it. */
  synchronized Optional<RowGroup> takeGroup() {
    if (givenUp || !isGroupReady()) {
      handedOn = false;
      if (givenUp) {
        closeOutput();
      }
      return Optional.empty();
    }
    List<StripRows> group = new ArrayList<>();
    int count = 0;
    while (!strips.isEmpty() && count < groupRows) {
      StripRows strip = strips.remove();
      group.add(strip);
      count += strip.size();
    }
    waitingRows -= count;
    notifyAll();
    lastTaken = allRead && strips.isEmpty();
    List<Chip> chips = new ArrayList<>(count);
    float[] vectors = new float[Math.multiplyExact(count, dim)];
    for (StripRows strip : group) {
      strip.copyTo(vectors, chips.size());
      chips.addAll(strip.chips());
    }
    return Optional.of(new RowGroup(new ChipRows(chips, vectors), lastTaken));
  }

  /** Returns the file that is being written; empty before the first row group. */
  synchronized Optional<SceneOutput> output() {
    return output;
  }

  /** Sets the file that is being written; owned by this from now on. */
  synchronized void output(SceneOutput file) {
    output = Optional.of(file);
  }

  /**
   * Gives the scene up: it is never complete, and its file does not appear.
   *
   * @return whether this was the first call
   */
  synchronized boolean giveUp() {
    boolean first = !givenUp;
    givenUp = true;
    strips.clear();
    notifyAll();
    if (!handedOn) {
      closeOutput();
    }
    return first;
  }

  private void closeOutput() {
    output.ifPresent(SceneOutput::close);
    output = Optional.empty();
  }

  synchronized boolean givenUp() {
    return givenUp;
  }
}
