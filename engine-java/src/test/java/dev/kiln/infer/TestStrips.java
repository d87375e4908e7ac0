package dev.kiln.infer;

import dev.kiln.memory.BandPlane;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.HostMemory;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.type.PixelType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Strips of noise in the layouts of archives, and their platforms. */
public final class TestStrips {
  private TestStrips() {}

  /** One band: its type, its resolution, and whether it is interleaved with others. */
  public record Layout(PixelType type, int repeat, boolean interleaved) {
    public static Layout planar(PixelType type, int repeat) {
      return new Layout(type, repeat, false);
    }
  }

  /** Four bands of bytes, interleaved by pixel. */
  public static List<Layout> naip() {
    return java.util.Collections.nCopies(4, new Layout(PixelType.UINT8, 1, true));
  }

  public static Platform platform(int bands) {
    List<Band> all = new ArrayList<>();
    for (int b = 0; b < bands; b++) {
      all.add(new Band("b" + b, 0.5 + b * 0.1, 97.3 + 31.7 * b, 35.43 + 3.3 * b));
    }
    return new Platform("test", 10, all);
  }

  /**
   * Returns a strip of noise.
   *
   * @param width grid columns, with {@code gap} bytes after each line
   * @param shift bytes before the first plane
   */
  public static Strip noise(
      List<Layout> bands,
      int width,
      int firstRow,
      int rows,
      int gap,
      int shift,
      int offset,
      long seed,
      HostMemory memory) {
    List<BandPlane> planes = new ArrayList<>();
    long at = shift;
    int together = (int) bands.stream().filter(Layout::interleaved).count();
    int placed = 0;
    for (Layout band : bands) {
      int w = (width + band.repeat() - 1) / band.repeat();
      int h = (rows + band.repeat() - 1) / band.repeat();
      int size = band.type().bytes();
      int pixel = band.interleaved() ? size * together : size;
      long line = (long) w * pixel + (long) gap * size;
      planes.add(new BandPlane(band.type(), at, w, h, pixel, line, band.repeat()));
      if (band.interleaved() && ++placed < together) {
        at += size;
      } else {
        at += line * h - (band.interleaved() ? size * (together - 1) : 0);
        at = (at + size * 4 - 1) / (size * 4) * (size * 4);
      }
    }
    HostBuffer pixels = memory.allocate("strip", at + 64);
    byte[] noise = new byte[Math.toIntExact(pixels.size())];
    new Random(seed).nextBytes(noise);
    pixels.slice(0, noise.length).put(noise);
    Strip strip = new Strip(pixels, planes, firstRow, rows, offset);
    // Random bytes are mostly implausible floats; most of these should be plausible, and some not
    // finite.
    for (BandPlane plane : planes) {
      if (plane.type() == PixelType.FLOAT32) {
        Random random = new Random(seed + plane.offset());
        for (int y = 0; y < plane.height(); y++) {
          for (int x = 0; x < plane.width(); x++) {
            float value =
                switch (random.nextInt(20)) {
                  case 0 -> Float.NaN;
                  case 1 -> Float.NEGATIVE_INFINITY;
                  case 2 -> 0;
                  case 3 -> 3e30f;
                  default -> (float) random.nextGaussian() * 100;
                };
            strip.raw().putFloat(Math.toIntExact(plane.byteOf(x, y)), value);
          }
        }
      }
    }
    return strip;
  }
}
