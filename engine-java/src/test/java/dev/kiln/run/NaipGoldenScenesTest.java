package dev.kiln.run;

import dev.kiln.chip.LocationOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real NAIP clips through the whole engine give the embeddings of the real Clay encoder. */
@Timeout(300)
class NaipGoldenScenesTest {
  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(LocationOrder.class)
  void agreesWithTheRealEncoder(LocationOrder order) throws Exception {
    List<String> keys =
        List.of(
            "nd/2014/100cm/rgbir_cog/47099/m_4709963_se_14_1_20140720.tif",
            "nd/2018/100cm/rgbir_cog/47099/m_4709963_se_14_1_20180716.tif",
            "nd/2020/100cm/rgbir_cog/47099/m_4709963_se_14_1_20200831.tif");
    new GoldenScenes("naip", "naip-analytic").checkAll(keys, order, directory);
  }
}
