package dev.kiln.infer;

import dev.kiln.memory.BandPlane;
import dev.kiln.memory.Strip;
import dev.kiln.patch.NativePatchify;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.type.DataType;
import dev.kiln.type.Patch;
import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * The step between raw pixels and the first matrix product, on the CPU; every other implementation
 * must agree with it. One chip becomes {@code [L, C·64]} rows: a row is one 8 × 8 patch, row-major
 * over the chip's grid of patches; within a row the order is band, line, pixel. Each value is
 * {@code (pixel - mean) / std} in float32; a band of coarser resolution is repeated.
 *
 * <p>Two rules change a pixel first:
 *
 * <ul>
 *   <li>If the strip has a radiometric offset, a stored value v becomes {@code max(1, v + offset)};
 *       0, no data, stays 0. This step reads every pixel once anyway, so strips stay raw and the
 *       offset costs nothing on a GPU.
 *   <li>A float that is not plausible becomes the band's mean, which is 0 in the row: one that is
 *       not finite, or more than 100 standard deviations from the mean, such as the fillers -3.4e38
 *       and -32768 dB. One such pixel would make the embedding NaN, or hide its patch.
 * </ul>
 *
 * <p>There are two implementations: plain Java, which is the definition, and native code.
 */
public final class Patchify {
  /** Edge of a patch in pixels. */
  public static final int PATCH = Patch.SIZE;

  /** Standard deviations from the mean beyond which a float is not plausible. */
  private static final float PLAUSIBLE = 100;

  private final List<Band> bands;
  private final int chipSize;
  private final int patches;
  private final NativePatchify writer;

  /**
   * Prepares the step for a platform and chip size.
   *
   * @param platform platform with bands and statistics
   * @param chipSize chip edge in pixels, a multiple of 8
   */
  public Patchify(Platform platform, int chipSize) {
    if (chipSize < PATCH || chipSize % PATCH != 0) {
      throw new IllegalArgumentException(
          "chip size: expected a multiple of %d px, found %d".formatted(PATCH, chipSize));
    }
    this.bands = platform.bands();
    this.chipSize = chipSize;
    this.patches = chipSize / PATCH;
    float[] mean = new float[bands.size()];
    float[] std = new float[bands.size()];
    for (int b = 0; b < mean.length; b++) {
      mean[b] = (float) bands.get(b).mean();
      std[b] = (float) bands.get(b).std();
    }
    this.writer = new NativePatchify(mean, std, chipSize);
  }

  /** {@return the number of patches in a chip: L} */
  public int tokens() {
    return patches * patches;
  }

  /** {@return the number of values in a row: C·64} */
  public int rowLength() {
    return bands.size() * PATCH * PATCH;
  }

  /** {@return the number of values in a chip: L·C·64} */
  public int chipLength() {
    return tokens() * rowLength();
  }

  /**
   * Writes the rows of a chip with native code.
   *
   * @param strip raw planes, one per band of the platform
   * @param column grid column of the chip's left edge
   * @param row grid row of the chip's upper edge, within the strip
   * @param type type of the rows, fp32 or bf16; bf16 is rounded from float32
   * @param out direct buffer that receives {@link #chipLength} values
   * @param at index of the first value
   */
  public void write(Strip strip, int column, int row, DataType type, ByteBuffer out, int at) {
    writer.write(strip, column, top(strip, row), type, out, (long) at * type.bytes());
  }

  private int top(Strip strip, int row) {
    if (strip.bands().size() != bands.size()) {
      throw new IllegalArgumentException(
          "strip: expected %d planes, found %d".formatted(bands.size(), strip.bands().size()));
    }
    int top = row - strip.firstRow();
    if (top < 0 || top + chipSize > strip.rows()) {
      throw new IllegalArgumentException(
          "chip: expected rows within %d+%d of the strip, found %d+%d"
              .formatted(strip.firstRow(), strip.rows(), row, chipSize));
    }
    return top;
  }

  /**
   * Writes the rows of a chip in float32 with plain Java: the definition.
   *
   * @param strip raw planes, one per band of the platform
   * @param column grid column of the chip's left edge
   * @param row grid row of the chip's upper edge, within the strip
   * @param out receives {@link #chipLength} values
   * @param at index of the first value
   */
  public void write(Strip strip, int column, int row, FloatBuffer out, int at) {
    int top = top(strip, row);
    ByteBuffer raw = strip.raw();
    float[] line = new float[chipSize];
    float[] rowOfPatches = new float[patches * rowLength()];
    for (int p = 0; p < patches; p++) {
      for (int b = 0; b < bands.size(); b++) {
        BandPlane plane = strip.bands().get(b);
        for (int k = 0; k < PATCH; k++) {
          int y = top + p * PATCH + k;
          // A coarser band repeats the previous line.
          if (k == 0 || y % plane.repeat() == 0) {
            plane.readLine(raw, column, y, line);
            normalize(line, bands.get(b), plane.type(), strip.radiometricOffset());
          }
          for (int q = 0; q < patches; q++) {
            int to = q * rowLength() + (b * PATCH + k) * PATCH;
            System.arraycopy(line, q * PATCH, rowOfPatches, to, PATCH);
          }
        }
      }
      out.put(at + p * rowOfPatches.length, rowOfPatches);
    }
  }

  private static void normalize(float[] line, Band band, PixelType type, int radiometricOffset) {
    float mean = (float) band.mean();
    float std = (float) band.std();
    if (radiometricOffset != 0) {
      shift(line, radiometricOffset);
    }
    for (int x = 0; x < line.length; x++) {
      line[x] = (line[x] - mean) / std;
    }
    if (type == PixelType.FLOAT32) {
      fill(line);
    }
  }

  private static void fill(float[] line) {
    for (int x = 0; x < line.length; x++) {
      // NaN fails the comparison.
      line[x] = Math.abs(line[x]) <= PLAUSIBLE ? line[x] : 0;
    }
  }

  private static void shift(float[] line, int offset) {
    for (int x = 0; x < line.length; x++) {
      line[x] = line[x] == 0 ? 0 : Math.max(1, line[x] + offset);
    }
  }
}
