package dev.kiln.raster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.raster.StripWindow.Span;
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
    for (StripWindow window : grid.strips(tileHeight, rowStep, grid.all())) {
      strips++;
      BitSet chips = grid.chips(window);
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

  @Test
  void readsOnlySpansOfWantedChips() {
    ChipGrid grid = ChipGrid.of(6 * 256, 6 * 256, 256);
    BitSet wanted = new BitSet();
    wanted.set(0); // (0, 0)
    wanted.set(6 + 1); // (1, 1)
    wanted.set(4); // (4, 0)
    wanted.set(4 * 6 + 5); // (5, 4)

    List<StripWindow> strips = grid.strips(512, 2, wanted);

    assertThat(strips)
        .containsExactly(
            new StripWindow(
                0, 512, 1536, new Span(0, 2), List.of(new Span(0, 512), new Span(1024, 1280))),
            new StripWindow(1024, 512, 1536, new Span(4, 6), List.of(new Span(1280, 1536))));
    assertThat(grid.strips(512, 2, new BitSet())).isEmpty();
  }
}
