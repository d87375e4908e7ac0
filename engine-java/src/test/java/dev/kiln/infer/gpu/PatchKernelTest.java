package dev.kiln.infer.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.FakeGpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.infer.Patchify;
import dev.kiln.infer.TestStrips;
import dev.kiln.infer.TestStrips.Layout;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.HostMemory;
import dev.kiln.memory.Strip;
import dev.kiln.type.DataType;
import dev.kiln.type.PixelType;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares the kernel's source, compiled for the CPU, with {@link Patchify}: the same bits in
 * float32, and the same values rounded to nearest in 16 bits.
 */
class PatchKernelTest {
  static Stream<Arguments> layouts() {
    List<Arguments> all = new ArrayList<>();
    List<List<Layout>> bands = new ArrayList<>();
    bands.add(TestStrips.naip());
    bands.add(List.of(new Layout(PixelType.UINT8, 1, true), new Layout(PixelType.UINT8, 1, true)));
    bands.add(
        List.of(
            new Layout(PixelType.UINT16, 1, true),
            new Layout(PixelType.UINT16, 1, true),
            new Layout(PixelType.UINT16, 1, true)));
    for (PixelType type : PixelType.values()) {
      bands.add(List.of(Layout.planar(type, 1), Layout.planar(type, 2), Layout.planar(type, 3)));
    }
    bands.add(
        List.of(
            Layout.planar(PixelType.UINT16, 1),
            Layout.planar(PixelType.UINT8, 2),
            Layout.planar(PixelType.FLOAT32, 2),
            Layout.planar(PixelType.INT16, 4)));
    for (List<Layout> some : bands) {
      for (int gap = 0; gap < 4; gap++) {
        for (int shift : new int[] {0, 4, 8, 16}) {
          all.add(Arguments.of(some, gap, shift, gap % 2 == 0 ? 0 : -1000));
        }
      }
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void agreesWithTheReference(List<Layout> bands, int gap, int shift, int offset) {
    int chip = 24;
    int[][] corners = {{0, 100}, {1, 101}, {8, 108}, {13, 103}, {16, 102}};
    try (Strip strip =
        TestStrips.noise(
            bands, 43, 100, 33, gap, shift, offset, 7L * gap + shift, HostMemory.ORDINARY)) {
      Patchify reference = new Patchify(TestStrips.platform(bands.size()), chip);
      float[] expected = new float[corners.length * reference.chipLength()];
      for (int i = 0; i < corners.length; i++) {
        reference.write(
            strip,
            corners[i][0],
            corners[i][1],
            FloatBuffer.wrap(expected),
            i * expected.length / corners.length);
      }

      ByteBuffer exact = rows(DataType.FP32, strip, chip, corners);
      ByteBuffer bf16 = rows(DataType.BF16, strip, chip, corners);
      ByteBuffer fp16 = rows(DataType.FP16, strip, chip, corners);

      for (int i = 0; i < expected.length; i++) {
        assertThat(exact.getInt(4 * i))
            .as("number %d, %s", i, expected[i])
            .isEqualTo(Float.floatToRawIntBits(expected[i]));
        assertThat(bf16.getShort(2 * i)).as("%s", expected[i]).isEqualTo(bf16(expected[i]));
        assertThat(fp16.getShort(2 * i)).as("%s", expected[i]).isEqualTo(fp16(expected[i]));
      }
    }
  }

  /** Runs the kernel for chips with the given corners. */
  private static ByteBuffer rows(DataType format, Strip strip, int chip, int[][] corners) {
    try (FakeGpu gpu = new FakeGpu();
        PatchKernel kernel =
            new PatchKernel(gpu, TestStrips.platform(strip.bands().size()), chip, format);
        GpuStream stream = gpu.newStream("test")) {
      int bytes =
          corners.length
              * new Patchify(TestStrips.platform(strip.bands().size()), chip).chipLength()
              * format.bytes();
      try (DeviceBuffer pixels = gpu.allocate("strip", strip.pixels().size());
          DeviceBuffer planes =
              gpu.allocate("chips", (long) corners.length * kernel.bytesPerChip());
          DeviceBuffer out = gpu.allocate("patches", bytes);
          HostBuffer chips = gpu.pinned("chips", planes.size())) {
        for (int i = 0; i < corners.length; i++) {
          kernel.describe(
              chips.slice(0, (int) chips.size()),
              i,
              strip,
              pixels.address(),
              corners[i][0],
              corners[i][1]);
        }
        stream.copyIn(strip.pixels(), 0, pixels, 0, strip.pixels().size());
        stream.copyIn(chips, 0, planes, 0, chips.size());
        kernel.enqueue(stream, planes, corners.length, out);
        stream.synchronize();
        ByteBuffer copy = ByteBuffer.allocate(bytes).order(java.nio.ByteOrder.nativeOrder());
        return copy.put(FakeGpu.bytes(out.address(), bytes)).flip();
      }
    }
  }

  /**
   * Rounds to the nearest of two neighbours, ties to the even one, by comparing exact distances.
   */
  private static short bf16(float value) {
    int low = Float.floatToRawIntBits(value) & 0xFFFF0000;
    int high = low + 0x10000;
    return (short) (nearest(value, low, high) >>> 16);
  }

  private static int nearest(float value, int low, int high) {
    if (Float.isInfinite(Float.intBitsToFloat(high))) {
      return low;
    }
    BigDecimal exact = new BigDecimal(value);
    BigDecimal down = exact.subtract(new BigDecimal(Float.intBitsToFloat(low))).abs();
    BigDecimal up = exact.subtract(new BigDecimal(Float.intBitsToFloat(high))).abs();
    int order = down.compareTo(up);
    return order < 0 || (order == 0 && (low & 0x10000) == 0) ? low : high;
  }

  private static short fp16(float value) {
    double size = Math.min(Math.abs((double) value), 65504);
    int exponent = Math.max(Math.getExponent(size), -14);
    double step = Math.scalb(1.0, exponent - 10);
    double rounded = Math.min(Math.rint(size / step) * step, 65504);
    int bits =
        rounded < Math.scalb(1.0, -14)
            ? (int) (rounded / Math.scalb(1.0, -24))
            : (Math.getExponent(rounded) + 15) << 10
                | (int) ((rounded / Math.scalb(1.0, Math.getExponent(rounded)) - 1) * 1024);
    return (short) (bits | (Float.floatToRawIntBits(value) < 0 ? 0x8000 : 0));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-0.0, 8000",
    "1, 3c00",
    "65504, 7bff",
    "65519.99, 7bff",
    "65520, 7bff", // would round to infinity
    "-1e30, fbff",
    "6.1035156e-5, 0400", // the smallest normal
    "6.1e-5, 03ff",
    "5.9604645e-8, 0001",
    "2.9802322e-8, 0000", // half of the smallest: to even
    "2.99e-8, 0001",
    "1.0004883, 3c00", // a tie
    "1.0014648, 3c02", // a tie
  })
  void roundsToHalf(float value, String bits) {
    assertThat(fp16(value)).isEqualTo((short) Integer.parseInt(bits, 16));
    try (Strip strip =
        TestStrips.noise(
            List.of(Layout.planar(PixelType.FLOAT32, 1)),
            8,
            0,
            8,
            0,
            0,
            0,
            1,
            HostMemory.ORDINARY)) {
      for (int i = 0; i < 64; i++) {
        // A pixel that normalizes to the value, if that is exactly possible.
        strip.raw().putFloat(4 * i, value * 35.43f + 97.3f);
      }
      float[] expected = new float[64];
      new Patchify(TestStrips.platform(1), 8).write(strip, 0, 0, FloatBuffer.wrap(expected), 0);

      assertThat(rows(DataType.FP16, strip, 8, new int[][] {{0, 0}}).getShort(0))
          .isEqualTo(fp16(expected[0]));
    }
  }

  @Test
  void rejectsChipsOutsideTheStrip() {
    List<Layout> bands = List.of(Layout.planar(PixelType.UINT16, 1));
    try (Strip strip = TestStrips.noise(bands, 40, 8, 16, 0, 0, 0, 1, HostMemory.ORDINARY);
        Strip two =
            TestStrips.noise(TestStrips.naip(), 40, 8, 16, 0, 0, 0, 1, HostMemory.ORDINARY)) {
      for (int[] corner : new int[][] {{0, 7}, {0, 17}, {33, 8}, {-1, 8}}) {
        assertThatThrownBy(() -> rows(DataType.BF16, strip, 8, new int[][] {corner}))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("expected ");
      }
      assertThatThrownBy(
              () -> {
                try (FakeGpu gpu = new FakeGpu();
                    PatchKernel kernel =
                        new PatchKernel(gpu, TestStrips.platform(1), 8, DataType.BF16)) {
                  kernel.describe(ByteBuffer.allocate(48), 0, two, 0, 0, 8);
                }
              })
          .hasMessage("strip: expected 1 planes, found 4");
    }
  }
}
