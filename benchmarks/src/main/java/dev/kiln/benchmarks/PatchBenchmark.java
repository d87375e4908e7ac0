package dev.kiln.benchmarks;

import dev.kiln.infer.Patchify;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.type.DataType;
import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * From raw pixels to patch rows, on one thread, chip after chip of a strip that is larger than the
 * caches. Counts bytes of patch rows.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class PatchBenchmark {
  private static final int CHIP = 256;
  private static final int CHIPS = 40;
  private static final int BATCH = 4;

  @Param("naip")
  public String platform;

  /** Name of a {@link DataType} of the native code, or {@code REFERENCE}. */
  @Param("FP32")
  public String code;

  private DataType format;
  private Patchify rows;
  private Strip strip;
  private ByteBuffer batch;
  private FloatBuffer numbers;
  private int next;

  /** Draws a strip of noise and compares a chip with the formula. */
  @Setup
  public void draw() {
    Platform bands = PlatformCatalog.builtIn().get(platform);
    rows = new Patchify(bands, CHIP);
    strip = platform.equals("naip") ? interleaved(bands) : planar(bands);
    ByteBuffer pixels = strip.raw();
    SplittableRandom random = new SplittableRandom(7);
    while (pixels.remaining() >= Long.BYTES) {
      pixels.putLong(random.nextLong());
    }
    format = code.equals("REFERENCE") ? null : DataType.valueOf(code);
    batch =
        ByteBuffer.allocateDirect(BATCH * rows.chipLength() * Float.BYTES)
            .order(ByteOrder.nativeOrder());
    numbers = batch.asFloatBuffer();
    write(CHIP, rows.chipLength());
    check(bands);
  }

  private void write(int column, int at) {
    if (format == null) {
      rows.write(strip, column, 0, numbers, at);
    } else {
      rows.write(strip, column, 0, format, batch, at);
    }
  }

  private int bytes() {
    return format == null ? Float.BYTES : format.bytes();
  }

  /** A number of the rows; bfloat16 is the upper half of a float32. */
  private float number(int at) {
    return bytes() == Float.BYTES
        ? numbers.get(at)
        : Float.intBitsToFloat(batch.getShort(at * Short.BYTES) << Short.SIZE);
  }

  private static Strip interleaved(Platform bands) {
    int width = CHIPS * CHIP;
    int count = bands.bands().size();
    List<BandPlane> planes = new ArrayList<>();
    for (int b = 0; b < count; b++) {
      planes.add(new BandPlane(PixelType.UINT8, b, width, CHIP, count, (long) width * count, 1));
    }
    return new Strip(HostBuffer.allocate("strip", (long) width * CHIP * count), planes, 0, CHIP);
  }

  /** As Sentinel-2 is stored: each band for itself, the red edge and infrared ones at half size. */
  private static Strip planar(Platform bands) {
    List<BandPlane> planes = new ArrayList<>();
    long end = 0;
    for (Band band : bands.bands()) {
      int repeat = List.of("blue", "green", "red", "nir").contains(band.name()) ? 1 : 2;
      int width = CHIPS * CHIP / repeat;
      int height = CHIP / repeat;
      planes.add(new BandPlane(PixelType.UINT16, end, width, height, 2, width * 2L, repeat));
      end += width * 2L * height;
    }
    return new Strip(HostBuffer.allocate("strip", end), planes, 0, CHIP);
  }

  private void check(Platform bands) {
    ByteBuffer pixels = strip.raw();
    for (int i = 0; i < rows.chipLength(); i++) {
      int patch = i / rows.rowLength();
      int band = i % rows.rowLength() / 64;
      int x = CHIP + patch % 32 * 8 + i % 8;
      int y = patch / 32 * 8 + i % 64 / 8;
      BandPlane plane = strip.bands().get(band);
      int at = Math.toIntExact(plane.byteOf(x / plane.repeat(), y / plane.repeat()));
      int pixel =
          plane.type() == PixelType.UINT8 ? pixels.get(at) & 0xFF : pixels.getShort(at) & 0xFFFF;
      Band statistics = bands.bands().get(band);
      float expected = (pixel - (float) statistics.mean()) / (float) statistics.std();
      float found = number(rows.chipLength() + i);
      boolean near = Math.abs(found - expected) <= Math.abs(expected) / 256;
      if (bytes() == Float.BYTES ? found != expected : !near) {
        throw new IllegalStateException(
            "patch row value %d: expected %s, found %s".formatted(i, expected, found));
      }
    }
  }

  @Benchmark
  public void chip(Work work) {
    int chip = next++ % CHIPS;
    write(chip * CHIP, next % BATCH * rows.chipLength());
    work.bytes += (long) rows.chipLength() * bytes();
    work.items++;
  }

  @TearDown
  public void close() {
    strip.close();
  }
}
