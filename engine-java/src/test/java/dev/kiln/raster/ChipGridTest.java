package dev.kiln.raster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

    assertThat(grid).isEqualTo(new ChipGrid(4, 2, 256, 256, 768, 256));
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
      assertThat(window.endsRows()).isTrue();
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
    int bands = 0;
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
      assertThat(window.endsRows()).isEqualTo(window.chipColumns().end() == grid.columns());
      bands += window.endsRows() ? 1 : 0;
    }
    assertThat(seen).isEqualTo(grid.all());
    assertThat(bands).isEqualTo((int) Math.ceil((double) grid.rows() / cut.chipRows(chip, chip)));
    assertThat(widest).isGreaterThan(1000).isLessThan(10_000);
  }

  @ParameterizedTest
  @CsvSource({
    // size, chip, stride, edge, left edges
    "1000, 256, 256, DROP, 0 256 512",
    "1000, 256, 256, SHIFT, 0 256 512 744",
    "1000, 256, 256, PAD, 0 256 512 768",
    "1024, 256, 256, SHIFT, 0 256 512 768",
    "1024, 256, 256, PAD, 0 256 512 768",
    "600, 256, 128, DROP, 0 128 256",
    "600, 256, 128, SHIFT, 0 128 256 344",
    "600, 256, 128, PAD, 0 128 256 384",
    "256, 256, 1, PAD, 0",
    "258, 256, 1, DROP, 0 1 2",
    "100, 256, 256, DROP, ''",
    "100, 256, 256, SHIFT, ''",
    "100, 256, 64, PAD, 0",
    // Gaps: a chip is added only where the next would start.
    "600, 64, 256, DROP, 0 256 512",
    "560, 64, 256, DROP, 0 256",
    "560, 64, 256, SHIFT, 0 256 496",
    "560, 64, 256, PAD, 0 256 512",
    "400, 64, 256, PAD, 0 256",
  })
  void chipsStartAtMultiplesOfTheStrideAndTheEdgeRuleAddsTheLast(
      int size, int chip, int stride, EdgeRule edge, String lefts) {
    ChipGrid across = ChipGrid.of(size, chip, new ChipLayout(chip, stride, edge));
    ChipGrid down = ChipGrid.of(chip, size, new ChipLayout(chip, stride, edge));

    int[] expected =
        Arrays.stream(lefts.split(" "))
            .filter(s -> !s.isEmpty())
            .mapToInt(Integer::parseInt)
            .toArray();
    assertThat(across.all().stream().map(across::left).toArray()).isEqualTo(expected);
    assertThat(down.all().stream().map(down::top).toArray()).isEqualTo(expected);
  }

  @Test
  void aGridWhoseLastChipEndsBeyondTheLargestPixelIsAnError() {
    ChipLayout pad = new ChipLayout(256, 256, EdgeRule.PAD);
    assertThatThrownBy(() -> ChipGrid.of(Integer.MAX_VALUE, 256, pad))
        .isInstanceOf(ArithmeticException.class);
    assertThat(ChipGrid.of(Integer.MAX_VALUE, 256, pad.withEdge(EdgeRule.SHIFT)).lastLeft())
        .isEqualTo(Integer.MAX_VALUE - 256);
  }

  @ParameterizedTest
  @CsvSource({
    "256, 64, 512, 1, SHIFT",
    "256, 100, 512, 6, PAD",
    "64, 200, 512, 3, SHIFT",
    "16, 5, 40, 2, PAD"
  })
  void stripsOfOverlappingAndDistantChipsContainEveryChipOnce(
      int chip, int stride, int tile, int step, EdgeRule edge) {
    ChipGrid grid = ChipGrid.of(1530, 1030, new ChipLayout(chip, stride, edge));
    BitSet wanted = grid.all();
    for (int i = 0; i < grid.size(); i += 7) {
      wanted.clear(i);
    }
    BitSet seen = new BitSet();
    for (StripWindow window : grid.strips(new StripStep(tile, tile, step, 4, 2 << 20), wanted)) {
      for (int i = 1; i < window.spans().size(); i++) {
        assertThat(window.spans().get(i).begin()).isGreaterThan(window.spans().get(i - 1).end());
      }
      for (int chipIndex : grid.chips(window, wanted)) {
        assertThat(seen.get(chipIndex)).isFalse();
        seen.set(chipIndex);
        int left = grid.left(chipIndex) - window.firstColumn();
        assertThat(window.spans())
            .anyMatch(span -> span.begin() <= left && left + chip <= span.end());
        int top = grid.top(chipIndex) - window.firstRow();
        assertThat(top).isBetween(0, window.rows() - chip);
      }
      assertThat((long) (window.width() - step) * (window.rows() - step) * 4)
          .isLessThanOrEqualTo(2 << 20);
    }
    assertThat(seen).isEqualTo(wanted);
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
                List.of(new Span(0, 512), new Span(1024, 1280)),
                true),
            new StripWindow(
                1024,
                512,
                0,
                1536,
                new Span(4, 6),
                new Span(0, 6),
                List.of(new Span(1280, 1536)),
                true));
    assertThat(grid.strips(cut(512, 2), new BitSet())).isEmpty();
  }
}
