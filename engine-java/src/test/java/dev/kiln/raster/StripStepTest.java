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
                List.of(new Tiles(10_980, 1024), new Tiles(5490, 512), new Tiles(5490, 1024))))
        .isEqualTo(new StripStep(1024, 2));
    assertThat(StripStep.of(12_666, List.of(new Tiles(12_666, 512))))
        .isEqualTo(new StripStep(512, 1));
  }

  @Test
  void alignsPixelsOfAllBands() {
    assertThat(
            StripStep.of(
                    1200, List.of(new Tiles(1200, 256), new Tiles(600, 256), new Tiles(400, 256)))
                .rowStep())
        .isEqualTo(6);
  }

  @Test
  void usesTheSceneGridForAMask() {
    assertThat(StripStep.of(10_980, List.of(new Tiles(5490, 512))))
        .isEqualTo(new StripStep(1024, 2));
  }

  @Test
  void limitsTheHeightOfSingleTileFiles() {
    assertThat(StripStep.of(10_980, List.of(new Tiles(10_980, 10_980))))
        .isEqualTo(new StripStep(2048, 1));
  }
}
