package dev.kiln.raster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.raster.StripStep.Tiles;
import java.util.List;
import org.junit.jupiter.api.Test;

class StripStepTest {
  @Test
  void equalsTheTileHeightOfTheFinestBands() {
    // Sentinel-2: tiles of 1024 at 10 m, of 512 and, in one band, 1024 at 20 m.
    assertThat(
            StripStep.of(
                10_980,
                List.of(
                    new Tiles(10_980, 1024, 1024, 2),
                    new Tiles(5490, 512, 512, 2),
                    new Tiles(5490, 1024, 1024, 2)),
                1000))
        .isEqualTo(new StripStep(1024, 1024, 2, 3, 1000));
    assertThat(StripStep.of(12_666, List.of(new Tiles(12_666, 512, 512, 2)), 1000))
        .isEqualTo(new StripStep(512, 512, 1, 2, 1000));
  }

  @Test
  void alignsPixelsOfAllBands() {
    assertThat(
            StripStep.of(
                    1200,
                    List.of(
                        new Tiles(1200, 256, 256, 2),
                        new Tiles(600, 256, 256, 2),
                        new Tiles(400, 256, 256, 2)),
                    1000)
                .step())
        .isEqualTo(6);
  }

  @Test
  void usesTheSceneGridForAMask() {
    assertThat(StripStep.of(10_980, List.of(new Tiles(5490, 512, 512, 2)), 1000))
        .isEqualTo(new StripStep(1024, 1024, 2, 0.5, 1000));
  }

  @Test
  void limitsTheHeightOfSingleTileFiles() {
    assertThat(StripStep.of(10_980, List.of(new Tiles(10_980, 10_980, 10_980, 2)), 1000))
        .isEqualTo(new StripStep(2048, 10_980, 1, 2, 1000));
  }

  @Test
  void limitsTheWidthOfStripsByTheirBytesAndPrefersWholeTiles() {
    StripStep step = StripStep.of(186_000, List.of(new Tiles(186_000, 512, 512, 4)), 64 << 20);

    assertThat(step.chipRows(256, 256)).isEqualTo(2);
    assertThat(step.chipColumns(256, 256)).isEqualTo(32_768 / 256);
    assertThat(step.chipColumns(224, 224)).as("whole tiles: 7168 pixels").isEqualTo(5 * 7168 / 224);
    assertThat(step.chipColumns(8, 8)).as("limited by the number of chips").isEqualTo(256);
    assertThat(step.chipRows(256, 64)).as("rows 0 to 256 of 512").isEqualTo(5);
    assertThat(step.chipColumns(256, 64)).as("whole tiles").isEqualTo(504);
    assertThat(step.chipRows(64, 500)).isEqualTo(1);
    assertThat(StripStep.of(4096, List.of(new Tiles(4096, 512, 512, 4)), 1).chipColumns(256, 256))
        .isEqualTo(1);
  }
}
