package dev.kiln.selftest;

import dev.kiln.memory.BandPlane;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.HostMemory;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * A strip of random pixels in the layouts of the archives: NAIP with interleaved bytes, Sentinel-2
 * with 16-bit planes, some of them at 20 m, MODIS with signed integers, radar with float32.
 *
 * @param width grid columns
 * @param firstRow first grid row of the strip
 * @param rows grid rows
 * @param padding stored pixels after each line
 * @param offset radiometric offset
 */
public record RandomStrip(int width, int firstRow, int rows, int padding, int offset) {
  /** Platforms with different layouts. */
  static final List<String> PLATFORMS =
      List.of("naip", "sentinel-2-l2a", "modis", "sentinel-1-rtc");

  private static final Set<String> AT_10_M = Set.of("red", "green", "blue", "nir");

  /** Returns a strip, which the caller closes. */
  public Strip draw(Platform platform, HostMemory memory, long seed) {
    PixelType type = typeOf(platform);
    boolean interleaved = platform.name().equals("naip");
    int bands = platform.bands().size();
    int pixelStride = type.bytes() * (interleaved ? bands : 1);
    List<BandPlane> planes = new ArrayList<>();
    long at = 0;
    for (Band band : platform.bands()) {
      int repeat = repeat(platform, band);
      int w = (width + repeat - 1) / repeat;
      int h = (rows + repeat - 1) / repeat;
      long lineStride = (long) (w + padding) * pixelStride;
      planes.add(new BandPlane(type, at, w, h, pixelStride, lineStride, repeat));
      at += interleaved ? type.bytes() : lineStride * h;
    }
    long bytes = interleaved ? planes.get(0).lineStride() * rows : at;
    HostBuffer pixels = memory.allocate("strip of noise", (bytes + 7) / 8 * 8);
    Strip strip = new Strip(pixels, planes, firstRow, rows, offset);
    fill(strip.raw(), type, new SplittableRandom(seed));
    return strip;
  }

  private static PixelType typeOf(Platform platform) {
    return switch (platform.name()) {
      case "naip" -> PixelType.UINT8;
      case "sentinel-1-rtc" -> PixelType.FLOAT32;
      case "modis" -> PixelType.INT16;
      default -> PixelType.UINT16;
    };
  }

  private static int repeat(Platform platform, Band band) {
    return platform.name().equals("sentinel-2-l2a") && !AT_10_M.contains(band.name()) ? 2 : 1;
  }

  private static void fill(ByteBuffer raw, PixelType type, SplittableRandom random) {
    if (type == PixelType.FLOAT32) {
      for (int i = 0; i < raw.capacity(); i += Float.BYTES) {
        raw.putFloat(
            i, random.nextInt(50) == 0 ? Float.NaN : (float) (random.nextDouble() * 60 - 50));
      }
    } else {
      for (int i = 0; i < raw.capacity(); i += Long.BYTES) {
        raw.putLong(i, random.nextLong());
      }
    }
  }
}
