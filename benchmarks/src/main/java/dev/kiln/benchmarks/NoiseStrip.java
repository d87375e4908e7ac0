package dev.kiln.benchmarks;

import dev.kiln.memory.BandPlane;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** A strip of noise as NAIP stores it: four bands of 8 bits, pixel-interleaved. */
final class NoiseStrip {
  private static final int BANDS = 4;
  private static final long SEED = 7;

  private NoiseStrip() {}

  /**
   * @param edge of a chip in pixels
   * @param chips side by side
   */
  static Strip of(int edge, int chips) {
    int width = edge * chips;
    HostBuffer pixels = HostBuffer.allocate("chips", (long) BANDS * width * edge);
    ByteBuffer bytes = pixels.slice(0, BANDS * width * edge);
    SplittableRandom random = new SplittableRandom(SEED);
    while (bytes.hasRemaining()) {
      bytes.putLong(random.nextLong());
    }
    List<BandPlane> planes =
        IntStream.range(0, BANDS)
            .mapToObj(
                b -> new BandPlane(PixelType.UINT8, b, width, edge, BANDS, (long) width * BANDS, 1))
            .toList();
    return new Strip(pixels, planes, 0, edge);
  }
}
