package dev.kiln.dataset.merge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.dataset.merge.CellGrid.Cell;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CellGridTest {
  @ParameterizedTest
  @CsvSource({
    "1, -99.5, 47.5, N47W100",
    "1, -99, 47, N47W099",
    "1, 0, 0, N00E000",
    "1, -0.5, -0.5, S01W001",
    "1, 180, 90, N89E179",
    "1, -180, -90, S90W180",
    "30, 12, 50, N30E000",
    "0.25, -99.4, 47.3, N47.25W099.50",
    "0.1, 13.45, 52.55, N52.50E013.40"
  })
  void cellsAreNamedByTheirSouthWesternCorner(double degrees, double lon, double lat, String name) {
    CellGrid grid = new CellGrid(degrees);
    assertThat(grid.name(grid.at(lon, lat))).isEqualTo(name);
  }

  @Test
  void everyPlaceIsInTheAreaOfItsCell() {
    Random random = new Random(3);
    for (double degrees : CellGrid.SIZES) {
      CellGrid grid = new CellGrid(degrees);
      for (int i = 0; i < 2000; i++) {
        double lon = random.nextDouble() * 360 - 180;
        double lat = random.nextDouble() * 180 - 90;
        Cell cell = grid.at(lon, lat);
        assertThat(grid.envelope(cell).contains(lon, lat)).isTrue();
        assertThat(grid.hilbert(cell, lon, lat)).isBetween(0, CellGrid.AFTER_ALL - 1);
      }
    }
  }

  @Test
  void neighboursOnTheCurveAreNeighboursInTheCell() {
    CellGrid grid = new CellGrid(1);
    Cell cell = grid.at(5.5, 5.5);
    double step = 1.0 / (1 << 15);
    int origin = grid.hilbert(cell, 5 + step / 2, 5 + step / 2);
    int right = grid.hilbert(cell, 5 + 3 * step / 2, 5 + step / 2);
    int up = grid.hilbert(cell, 5 + step / 2, 5 + 3 * step / 2);
    assertThat(origin).isZero();
    assertThat(Math.min(right, up)).isEqualTo(1);
  }
}
