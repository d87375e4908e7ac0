package dev.kiln.quirks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A short run of {@link MutationFuzz} with inputs that are the same in every build. */
@Timeout(120)
class MutationFuzzTest {
  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({"raster, 1500", "layout, 5000", "item, 3000", "list, 3000", "sidecar, 3000"})
  void mutatedInputsFailWithTypedFaultsOnly(String target, int count) throws Exception {
    assertThat(new MutationFuzz(directory).run(target, 0, count)).isEmpty();
  }

  @Test
  void validInputsAreRead() throws Exception {
    new MutationFuzz(directory).warmUp(1);
  }
}
