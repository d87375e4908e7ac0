package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.chip.Chip;
import dev.kiln.raster.ChipLayout;
import dev.kiln.sink.ChipRows;
import dev.kiln.sink.SceneInfo;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A scene between decode and write. Its strips add rows from the top of the scene; embeddings
 * arrive as they are computed; consecutive complete strips become row groups, which the write stage
 * takes one by one. A scene of any size therefore holds a few row groups at most.
 *
 * <p>Rows of a file are in the order of the grid. Strips of very wide scenes are blocks of columns,
 * so a row group ends where rows of the grid do, and its rows are sorted, unless it would have more
 * than {@value #MOST_GROUPS} times the usual size.
 *
 * <p>The scene is handed to the write stage when a row group is ready, and again for later ones; it
 * is there at most once at a time.
 */
final class SceneAssembly {
  /** Vectors in a row group, at least: ordinary scenes have one group. */
  private static final int GROUP_BYTES = 32 << 20;

  /** Size of a row group, in ordinary ones, beyond which it ends within rows of the grid. */
  private static final int MOST_GROUPS = 4;

  private static final Comparator<Chip> GRID_ORDER =
      Comparator.comparingInt(Chip::y).thenComparingInt(Chip::x);

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
  SceneInfo info(String platform, ChipLayout layout, int vectorLength) {
    return new SceneInfo(
        scene.itemId(),
        platform,
        scene.datetime(),
        gsd(),
        scene.uri(),
        layout.chipSize(),
        layout.stride(),
        vectorLength);
  }

  /**
   * Adds the rows of the next strip, waiting while the write stage has row groups to catch up with.
   * Waits only if a complete row group is certain to be there: rows can be stuck in a batch that is
   * not full until more follow.
   */
  synchronized void add(StripRows strip) throws InterruptedException {
    while (!givenUp && waitingRows >= 2 * groupRows) {
      OptionalInt group = nextGroup();
      if (group.isEmpty() || waitingRows < rows(group.getAsInt()) + batchRows) {
        break;
      }
      wait();
    }
    if (!givenUp && strip.size() > 0) {
      strips.add(strip);
      waitingRows += strip.size();
    }
  }

  /**
   * Records that the strips so far complete rows of the grid.
   *
   * @return whether the caller has to hand the scene to the write stage
   */
  synchronized boolean endRows() {
    if (!strips.isEmpty()) {
      strips.getLast().endRows();
    }
    return handOn();
  }

  /** Returns how many strips the next row group has; empty while that is open. */
  private OptionalInt nextGroup() {
    int count = 0;
    int rows = 0;
    for (StripRows strip : strips) {
      count++;
      rows += strip.size();
      if (rows >= groupRows && strip.endsRows() || rows >= MOST_GROUPS * groupRows) {
        return OptionalInt.of(count);
      }
    }
    return allRead && !lastTaken ? OptionalInt.of(count) : OptionalInt.empty();
  }

  /** Returns the rows of the first strips. */
  private int rows(int count) {
    return strips.stream().limit(count).mapToInt(StripRows::size).sum();
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
    OptionalInt group = nextGroup();
    return group.isPresent()
        && strips.stream().limit(group.getAsInt()).allMatch(StripRows::isComplete);
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
    List<Row> rows = new ArrayList<>();
    for (int left = nextGroup().orElseThrow(); left > 0; left--) {
      StripRows strip = strips.remove();
      for (int row = 0; row < strip.size(); row++) {
        rows.add(new Row(strip, row));
      }
    }
    waitingRows -= rows.size();
    notifyAll();
    lastTaken = allRead && strips.isEmpty();
    rows.sort(Comparator.comparing(Row::chip, GRID_ORDER));
    float[] vectors = new float[Math.multiplyExact(rows.size(), dim)];
    for (int i = 0; i < rows.size(); i++) {
      rows.get(i).strip().copyTo(rows.get(i).row(), vectors, i);
    }
    return Optional.of(
        new RowGroup(new ChipRows(rows.stream().map(Row::chip).toList(), vectors), lastTaken));
  }

  /** A row of a strip. */
  private record Row(StripRows strip, int row) {
    Chip chip() {
      return strip.chip(row);
    }
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
