package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PixelClassesTest {
  @Test
  void sceneClassificationHasFiveCloudClassesAndOneNodataClass() {
    PixelClasses scl = PixelClasses.SCENE_CLASSIFICATION;

    assertThat(IntStream.range(0, 256).filter(scl::isCloud)).containsExactly(1, 3, 8, 9, 10);
    assertThat(IntStream.range(0, 256).filter(scl::isNodata)).containsExactly(0);
  }

  @ParameterizedTest
  @CsvSource({
    "21824, false, false", // clear land
    "21952, false, false", // clear water
    "1, false, true", // fill
    "21826, true, false", // dilated cloud
    "21760, false, false", // clear bit not set, nothing else
    "22280, true, false", // high confidence cloud
    "23888, true, false", // cloud shadow
    "54596, false, false", // cirrus: bit 2 does not count
    "30048, false, false", // snow: bit 5 does not count
  })
  void landsatQualityBits(int value, boolean cloud, boolean nodata) {
    assertThat(PixelClasses.QUALITY_BITS.isCloud(value)).isEqualTo(cloud);
    assertThat(PixelClasses.QUALITY_BITS.isNodata(value)).isEqualTo(nodata);
  }
}
