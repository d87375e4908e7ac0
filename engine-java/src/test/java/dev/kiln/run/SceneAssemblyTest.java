package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.archive.Scene;
import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import java.nio.FloatBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SceneAssemblyTest {
  /** Vectors so long that a row group has four rows. */
  private static final int DIM = (32 << 20) / Float.BYTES / 4;

  private static final int BATCH = 3;
  private static final Footprint FOOTPRINT =
      new Footprint(new double[] {1, 0, 0, 1}, new double[] {1, 1, 0, 0});

  private final SceneAssembly scene = assembly();
  private int chips;

  private static SceneAssembly assembly() {
    Scene described =
        Scene.builder("scene.tif").itemId("scene").datetime(Instant.EPOCH).gsd(1).build();
    return new SceneAssembly(described, "out.parquet", new float[4], DIM, BATCH);
  }

  private StripRows strip(int rows) {
    List<Chip> added = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      added.add(new Chip(chips++, 0, 0, 0, FOOTPRINT));
    }
    return new StripRows(added, Collections.nCopies(rows, new float[4]), DIM);
  }

  /** Adds a strip that is as wide as the scene. */
  private void add(StripRows strip) throws InterruptedException {
    scene.add(strip);
    scene.endRows();
  }

  /** Returns rows of a block of columns: all in one row of the grid. */
  private StripRows block(int y, int firstColumn, int rows) {
    List<Chip> added = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      added.add(new Chip(firstColumn + i, y + i % 2, 0, 0, FOOTPRINT));
    }
    added.sort(Comparator.comparingInt(Chip::y));
    return new StripRows(added, Collections.nCopies(rows, new float[4]), DIM);
  }

  private static List<String> places(Optional<SceneAssembly.RowGroup> group) {
    return group.orElseThrow().rows().chips().stream().map(c -> c.x() + "," + c.y()).toList();
  }

  private boolean deliver(StripRows strip) {
    boolean ready = false;
    for (int i = 0; i < strip.size(); i++) {
      FloatBuffer batch = FloatBuffer.allocate(DIM).put(0, strip.chip(i).x());
      ready |= scene.deliver(strip, i, batch, 0);
    }
    return ready;
  }

  private static List<Integer> rows(Optional<SceneAssembly.RowGroup> group) {
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < group.orElseThrow().rows().size(); i++) {
      assertThat(group.get().rows().embeddings()[i * DIM])
          .isEqualTo(group.get().rows().chips().get(i).x());
      found.add(group.get().rows().chips().get(i).x());
    }
    return found;
  }

  @Test
  void consecutiveStripsBecomeRowGroupsInTheirOrder() throws Exception {
    List<StripRows> strips = List.of(strip(3), strip(3), strip(1), strip(2));
    for (StripRows strip : strips) {
      add(strip);
    }
    // The second is complete before the first.
    assertThat(deliver(strips.get(1))).isFalse();
    assertThat(deliver(strips.get(0))).as("handed to the write stage").isTrue();
    assertThat(rows(scene.takeGroup())).containsExactly(0, 1, 2, 3, 4, 5);
    assertThat(scene.takeGroup()).isEmpty();
    assertThat(deliver(strips.get(2))).isFalse();
    assertThat(deliver(strips.get(3))).as("fewer rows than a group").isFalse();
    assertThat(scene.allRead()).isTrue();
    Optional<SceneAssembly.RowGroup> last = scene.takeGroup();
    assertThat(last.orElseThrow().last()).isTrue();
    assertThat(rows(last)).containsExactly(6, 7, 8);
    assertThat(scene.takeGroup()).isEmpty();
  }

  @Test
  void blocksOfColumnsBecomeRowsInTheOrderOfTheGrid() throws Exception {
    StripRows left = block(0, 0, 4);
    StripRows right = block(0, 4, 2);
    scene.add(left);
    assertThat(deliver(left)).as("enough rows, but the row of the grid goes on").isFalse();
    scene.add(right);
    assertThat(deliver(right)).isFalse();
    assertThat(scene.endRows()).as("handed on").isTrue();
    Optional<SceneAssembly.RowGroup> group = scene.takeGroup();
    assertThat(places(group)).containsExactly("0,0", "2,0", "4,0", "1,1", "3,1", "5,1");
    for (int i = 0; i < 6; i++) {
      assertThat(group.orElseThrow().rows().embeddings()[i * DIM])
          .isEqualTo(group.get().rows().chips().get(i).x());
    }
  }

  @Test
  void blocksWithoutChipsEndRowsToo() throws Exception {
    StripRows left = block(0, 0, 4);
    scene.add(left);
    scene.add(block(0, 4, 0));
    assertThat(deliver(left)).isFalse();
    assertThat(scene.endRows()).isTrue();
    assertThat(scene.takeGroup()).isPresent();
    assertThat(scene.endRows()).as("nothing is new").isFalse();
  }

  @Test
  void aRowGroupWithinRowsOfTheGridEndsAtFourTimesTheUsualSize() throws Exception {
    List<StripRows> blocks = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      blocks.add(block(0, 4 * i, 4));
      scene.add(blocks.get(i));
    }
    for (StripRows block : blocks.subList(0, 3)) {
      assertThat(deliver(block)).isFalse();
    }
    assertThat(deliver(blocks.get(3))).isTrue();
    assertThat(places(scene.takeGroup())).hasSize(16).startsWith("0,0", "2,0").endsWith("15,1");
    assertThat(scene.takeGroup()).isEmpty();
  }

  @Test
  void aSceneIsWithTheWriteStageAtMostOnce() throws Exception {
    StripRows first = strip(4);
    StripRows second = strip(4);
    add(first);
    add(second);
    assertThat(deliver(first)).isTrue();
    assertThat(deliver(second)).as("already handed on").isFalse();
    assertThat(scene.takeGroup()).isPresent();
    assertThat(scene.takeGroup()).isPresent();
    assertThat(scene.takeGroup()).isEmpty();
    assertThat(scene.allRead()).as("the file is still to be finished").isTrue();
    assertThat(scene.takeGroup().orElseThrow().last()).isTrue();
  }

  @Test
  void aSceneWithoutChipsIsOneEmptyLastGroup() {
    assertThat(scene.allRead()).isTrue();
    SceneAssembly.RowGroup group = scene.takeGroup().orElseThrow();
    assertThat(group.last()).isTrue();
    assertThat(group.rows().size()).isZero();
    assertThat(scene.takeGroup()).isEmpty();
  }

  @Test
  void addingWaitsForTheWriteStageOnceAGroupIsSureToBeReady() throws Exception {
    List<StripRows> strips = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      strips.add(strip(2));
      // Up to eight rows: two groups, or one and what a batch that is not full can hold back.
      add(strips.get(i));
    }
    StripRows fifth = strip(2);
    Thread decoder =
        new Thread(
            () -> {
              try {
                add(fifth);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    decoder.start();
    TimeUnit.MILLISECONDS.sleep(50);
    assertThat(decoder.getState()).isEqualTo(Thread.State.WAITING);
    deliver(strips.get(0));
    deliver(strips.get(1));
    assertThat(rows(scene.takeGroup())).containsExactly(0, 1, 2, 3);
    decoder.join();
  }

  @Test
  void aSceneThatIsGivenUpReleasesItsDecoderAndHasNoGroup() throws Exception {
    StripRows strip = strip(8);
    add(strip);
    Thread giver = new Thread(scene::giveUp);
    giver.start();
    add(strip(8));
    giver.join();
    assertThat(deliver(strip)).isFalse();
    assertThat(scene.takeGroup()).isEmpty();
    assertThat(scene.giveUp()).as("given up before").isFalse();
  }
}
