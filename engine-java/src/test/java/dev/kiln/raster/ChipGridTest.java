package dev.kiln.raster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.raster.StripWindow.Span;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChipGridTest {
  @Test
  void containsWholeChipsRowByRow() {
    ChipGrid grid = ChipGrid.of(1100, 700, 256);

    assertThat(grid).isEqualTo(new ChipGrid(4, 2, 256));
    assertThat(grid.size()).isEqualTo(8);
    assertThat(grid.left(6)).isEqualTo(512);
    assertThat(grid.top(6)).isEqualTo(256);
    assertThat(ChipGrid.of(255, 1000, 256).size()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "256, 512, 1",
    "256, 1024, 2",
    "256, 256, 1",
    "256, 1, 1",
    "128, 512, 2",
    "224, 512, 1",
    "224, 512, 3",
    "200, 512, 6",
    "8, 16, 12",
  })
  void stripsContainEveryChipOnce(int chip, int tileHeight, int rowStep) {
    ChipGrid grid = ChipGrid.of(1000, 1500, chip);

    BitSet seen = new BitSet();
    int strips = 0;
    for (StripWindow window : grid.strips(cut(tileHeight, rowStep), grid.all())) {
      strips++;
      BitSet chips = new BitSet();
      Arrays.stream(grid.chips(window, grid.all())).forEach(chips::set);
      assertThat(chips.intersects(seen)).isFalse();
      seen.or(chips);
      assertThat(window.firstRow() % rowStep).isZero();
      assertThat(window.width()).isEqualTo(grid.columns() * chip);
      assertThat(window.spans()).containsExactly(new Span(0, window.width()));
      chips.stream()
          .forEach(
              index -> {
                assertThat(grid.top(index)).isGreaterThanOrEqualTo(window.firstRow());
                assertThat(grid.top(index) + chip)
                    .isLessThanOrEqualTo(window.firstRow() + window.rows());
              });
    }
    assertThat(seen).isEqualTo(grid.all());
    int rowsOfChips = Math.max(1, tileHeight / chip);
    assertThat(strips).isEqualTo((grid.rows() + rowsOfChips - 1) / rowsOfChips);
  }

  private static StripStep cut(int tileHeight, int step) {
    return new StripStep(tileHeight, 512, step, 4, Long.MAX_VALUE);
  }

  @ParameterizedTest
  @CsvSource({"256, 512, 1", "128, 512, 6", "224, 300, 4", "8, 256, 12"})
  void wideStripsAreCutIntoBlocksOfColumns(int chip, int tile, int step) {
    ChipGrid grid = ChipGrid.of(10_000, 1500, chip);
    StripStep cut = new StripStep(tile, tile, step, 4, 4L << 20);

    BitSet seen = new BitSet();
    int widest = 0;
    for (StripWindow window : grid.strips(cut, grid.all())) {
      assertThat(window.firstColumn() % step).isZero();
      assertThat(window.spans()).hasSize(1);
      assertThat(window.spans().get(0).end()).isEqualTo(window.width());
      for (int chipIndex : grid.chips(window, grid.all())) {
        assertThat(seen.get(chipIndex)).isFalse();
        seen.set(chipIndex);
        assertThat(grid.left(chipIndex) - window.firstColumn())
            .isGreaterThanOrEqualTo(window.spans().get(0).begin());
        assertThat(grid.left(chipIndex) - window.firstColumn() + chip)
            .isLessThanOrEqualTo(window.width());
      }
      // A few pixels of alignment come on top.
      long bytes = (long) (window.width() - step) * (window.rows() - step) * 4;
      assertThat(bytes).isLessThanOrEqualTo(4L << 20);
      widest = Math.max(widest, window.width());
    }
    assertThat(seen).isEqualTo(grid.all());
    assertThat(widest).isGreaterThan(1000).isLessThan(10_000);
  }

  @Test
  void readsOnlySpansOfWantedChips() {
    ChipGrid grid = ChipGrid.of(6 * 256, 6 * 256, 256);
    BitSet wanted = new BitSet();
    wanted.set(0); // (0, 0)
    wanted.set(6 + 1); // (1, 1)
    wanted.set(4); // (4, 0)
    wanted.set(4 * 6 + 5); // (5, 4)

    List<StripWindow> strips = grid.strips(cut(512, 2), wanted);

    assertThat(strips)
        .containsExactly(
            new StripWindow(
                0,
                512,
                0,
                1536,
                new Span(0, 2),
                new Span(0, 6),
                List.of(new Span(0, 512), new Span(1024, 1280))),
            new StripWindow(
                1024, 512, 0, 1536, new Span(4, 6), new Span(0, 6), List.of(new Span(1280, 1536))));
    assertThat(grid.strips(cut(512, 2), new BitSet())).isEmpty();
  }
}
