package dev.kiln.infer.gpu;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.DeviceCode;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuKernel;
import dev.kiln.cuda.GpuModule;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.KernelArguments;
import dev.kiln.cuda.LaunchShape;
import dev.kiln.infer.Patchify;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * {@link Patchify} on a device: converts strips in device memory to the patch rows of a batch,
 * {@code [size, L, C·64]}, in one pass over the pixels. Pixels are computed in float32 as by
 * Patchify, then rounded to the nearest value of the type. In {@link DataType#FP16} values beyond
 * the range become the largest of their sign.
 *
 * <p>The device reads one record per band of each chip, {@code [size, C]}; see {@code patches.cu}
 * for its fields.
 */
public final class PatchKernel implements AutoCloseable {
  /** Size of a record in bytes. */
  static final int PLANE = 48;

  private static final int THREADS = 256;

  private final List<Band> bands;
  private final int chip;
  private final GpuModule module;
  private final GpuKernel kernel;

  /**
   * Loads the kernel.
   *
   * @param platform whose bands and statistics apply
   * @param chip edge in pixels, a multiple of 8
   * @param type of the rows
   * @throws dev.kiln.error.ConfigurationException if it is not compiled yet and this machine has no
   *     compiler
   */
  public PatchKernel(Gpu gpu, Platform platform, int chip, DataType type) {
    this.bands = platform.bands();
    this.chip = chip;
    this.module = DeviceEncoder.compile(gpu, DeviceCode.PATCHES, List.of());
    try {
      this.kernel = module.kernel("kiln_patches_" + type.label());
    } catch (RuntimeException e) {
      module.close();
      throw e;
    }
  }

  /** Returns the size of a chip's records in bytes. */
  public int bytesPerChip() {
    return bands.size() * PLANE;
  }

  /**
   * Writes the records of a chip.
   *
   * @param out receives {@link #bytesPerChip} bytes at {@code index · bytesPerChip}, in host byte
   *     order
   * @param index of the chip in its batch
   * @param strip raw planes, one per band of the platform
   * @param pixels device address of the strip's buffer
   * @param column grid column of the chip's left edge
   * @param row grid row of the chip's upper edge
   * @throws IllegalArgumentException if the chip is not inside the strip
   */
  public void describe(ByteBuffer out, int index, Strip strip, long pixels, int column, int row) {
    if (strip.bands().size() != bands.size()) {
      throw new IllegalArgumentException(
          "strip: expected %d planes, found %d".formatted(bands.size(), strip.bands().size()));
    }
    int top = row - strip.firstRow();
    if (top < 0 || top + chip > strip.rows()) {
      throw new IllegalArgumentException(
          "chip: expected rows within %d+%d of the strip, found %d+%d"
              .formatted(strip.firstRow(), strip.rows(), row, chip));
    }
    for (int b = 0; b < bands.size(); b++) {
      BandPlane plane = strip.bands().get(b);
      requireInside(plane, strip.pixels().size(), column, top);
      int at = (index * bands.size() + b) * PLANE;
      out.putLong(at, pixels + plane.byteOf(column / plane.repeat(), top / plane.repeat()));
      out.putLong(at + 8, plane.lineStride());
      out.putInt(at + 16, plane.pixelStride());
      out.putInt(at + 20, plane.type().code());
      out.putInt(at + 24, plane.repeat());
      out.putInt(at + 28, column % plane.repeat());
      out.putInt(at + 32, top % plane.repeat());
      out.putInt(at + 36, strip.radiometricOffset());
      out.putFloat(at + 40, (float) bands.get(b).mean());
      out.putFloat(at + 44, (float) bands.get(b).std());
    }
  }

  /**
   * Checks bounds and alignment: a kernel that violates them makes the device unusable for this
   * process.
   */
  private void requireInside(BandPlane plane, long bytes, int column, int top) {
    int right = (column + chip - 1) / plane.repeat();
    int bottom = (top + chip - 1) / plane.repeat();
    int size = plane.type().bytes();
    if (column < 0
        || right >= plane.width()
        || bottom >= plane.height()
        || plane.byteOf(right, bottom) + size > bytes) {
      throw new IllegalArgumentException(
          "chip: expected columns within plane %s of %d bytes, found %d+%d"
              .formatted(plane, bytes, column, chip));
    }
    if (plane.offset() % size != 0
        || plane.pixelStride() % size != 0
        || plane.lineStride() % size != 0) {
      throw new IllegalArgumentException(
          "plane " + plane + ": expected aligned pixels, found an odd offset or stride");
    }
  }

  /**
   * Queues the kernel.
   *
   * @param planes the records that {@link #describe} wrote, in device memory
   * @param size number of chips
   * @param patches receives {@code [size, L, C·64]}
   */
  public void enqueue(GpuStream stream, DeviceBuffer planes, int size, DeviceBuffer patches) {
    int lines = chip / Patchify.PATCH * chip;
    stream.launch(
        kernel,
        new LaunchShape((lines + THREADS - 1) / THREADS, size, 1, THREADS, 0),
        new KernelArguments().pointer(planes).int32(bands.size()).int32(chip).pointer(patches));
  }

  /** Unloads the kernel; a second call does nothing. */
  @Override
  public void close() {
    module.close();
  }
}
