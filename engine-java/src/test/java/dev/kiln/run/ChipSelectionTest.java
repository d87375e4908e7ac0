package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.SceneException;
import dev.kiln.raster.ChipLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChipSelectionTest {
  @Test
  void gridOfARealSceneIsWithinTheLimit() throws Exception {
    assertThat(ChipSelection.grid("key", 10_980, 10_980, ChipLayout.sideBySide(8)).size())
        .isEqualTo(1372 * 1372);
  }

  @ParameterizedTest
  @CsvSource({"300000, 300000, 16", "2147483632, 2147483632, 256", "2147483647, 2147483647, 8"})
  void gridBeyondTheLimitIsAPermanentError(int width, int height, int chipSize) {
    assertThatThrownBy(
            () -> ChipSelection.grid("key", width, height, ChipLayout.sideBySide(chipSize)))
        .isInstanceOfSatisfying(
            SceneException.class,
            error -> assertThat(error.kind()).isEqualTo(SceneException.Kind.PERMANENT))
        .hasMessageContaining("expected at most 16777216 chips, found")
        .hasMessageContaining("--chip");
  }
}
