package dev.kiln.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.type.PixelType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StripTest {
  @Test
  void ownsItsPixels() {
    HostBuffer pixels = HostBuffer.allocate("strip", 64);
    Strip strip = new Strip(pixels, List.of(), 512, 512);

    strip.close();
    strip.close();

    assertThatThrownBy(pixels::pointer).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void copiesTheListOfBands() {
    List<BandPlane> bands = new ArrayList<>();
    bands.add(new BandPlane(PixelType.UINT8, 0, 4, 4, 1, 4, 1));
    try (Strip strip = new Strip(HostBuffer.allocate("strip", 16), bands, 0, 4)) {
      bands.clear();

      assertThat(strip.bands()).hasSize(1);
    }
  }

  @Test
  void addressesPixelsBeyondTwoGigabytes() {
    BandPlane red = new BandPlane(PixelType.UINT16, 2, 100_000, 40_000, 8, 800_000, 1);

    assertThat(red.byteOf(0, 0)).isEqualTo(2);
    assertThat(red.byteOf(3, 1)).isEqualTo(800_026);
    assertThat(red.byteOf(99_999, 39_999)).isEqualTo(2 + 39_999L * 800_000 + 99_999L * 8);
  }
}
