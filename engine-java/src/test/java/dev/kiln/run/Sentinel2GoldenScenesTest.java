package dev.kiln.run;

import dev.kiln.chip.LocationOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A cloudy Sentinel-2 scene with a corner without data through the whole engine: 8 of its 16 chips
 * remain, with the embeddings of the real Clay encoder.
 */
@Timeout(300)
class Sentinel2GoldenScenesTest {
  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(LocationOrder.class)
  void agreesWithTheRealEncoder(LocationOrder order) throws Exception {
    String key =
        "sentinel-s2-l2a-cogs/20/H/NJ/2024/3/S2A_20HNJ_20240311_0_L2A/"
            + "S2A_20HNJ_20240311_0_L2A.json";
    new GoldenScenes("sentinel-2-l2a", "sentinel-cogs").checkAll(List.of(key), order, directory);
  }
}
