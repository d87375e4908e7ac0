package dev.kiln.infer;

import dev.kiln.memory.BandPlane;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * The step between raw pixels and the first matrix product, on the CPU; every other implementation
 * must agree with it. One chip becomes {@code [L, C·64]} rows: a row is one 8 × 8 patch, row-major
 * over the chip's grid of patches; within a row the order is band, line, pixel. Each value is
 * {@code (pixel - mean) / std} in float32; a band of coarser resolution is repeated.
 */
public final class PatchRows {
  /** Edge of a patch in pixels. */
  public static final int PATCH = 8;

  private final List<Band> bands;
  private final int chip;
  private final int patches;

  /**
   * @param platform whose bands and statistics apply
   * @param chip chip edge in pixels, a multiple of 8
   */
  public PatchRows(Platform platform, int chip) {
    if (chip < PATCH || chip % PATCH != 0) {
      throw new IllegalArgumentException("chip of " + chip + " px, a multiple of 8 expected");
    }
    this.bands = platform.bands();
    this.chip = chip;
    this.patches = chip / PATCH;
  }

  /** Patches in a chip: L. */
  public int tokens() {
    return patches * patches;
  }

  /** Numbers in a row: C·64. */
  public int rowLength() {
    return bands.size() * PATCH * PATCH;
  }

  /** Numbers in a chip: L·C·64. */
  public int chipLength() {
    return tokens() * rowLength();
  }

  /**
   * Writes one chip's rows.
   *
   * @param strip raw planes, one a band of the platform
   * @param column grid column of the chip's left edge
   * @param row grid row of the chip's upper edge, within the strip
   * @param out receives {@link #chipLength} numbers from index {@code at}
   */
  public void write(Strip strip, int column, int row, FloatBuffer out, int at) {
    if (strip.bands().size() != bands.size()) {
      throw new IllegalArgumentException(
          strip.bands().size() + " planes, " + bands.size() + " expected");
    }
    int top = row - strip.firstRow();
    if (top < 0 || top + chip > strip.rows()) {
      throw new IllegalArgumentException(
          "chip rows "
              + row
              + "+"
              + chip
              + " outside the strip's "
              + strip.firstRow()
              + "+"
              + strip.rows());
    }
    ByteBuffer raw = strip.pixels().slice(0, Math.toIntExact(strip.pixels().size()));
    float[] line = new float[chip];
    for (int b = 0; b < bands.size(); b++) {
      BandPlane plane = strip.bands().get(b);
      float mean = (float) bands.get(b).mean();
      float std = (float) bands.get(b).std();
      for (int y = 0; y < chip; y++) {
        readLine(raw, plane, column, top + y, line);
        for (int x = 0; x < chip; x++) {
          line[x] = (line[x] - mean) / std;
        }
        // Line y belongs to one row of patches; every 8 pixels of it go to the next patch.
        int patchRow = at + (y / PATCH) * patches * rowLength();
        int within = (b * PATCH + y % PATCH) * PATCH;
        for (int p = 0; p < patches; p++) {
          out.put(patchRow + p * rowLength() + within, line, p * PATCH, PATCH);
        }
      }
    }
  }

  private static void readLine(ByteBuffer raw, BandPlane plane, int column, int y, float[] line) {
    int repeat = plane.repeat();
    int stride = plane.pixelStride();
    int start = Math.toIntExact(plane.byteOf(0, y / repeat));
    switch (plane.type()) {
      case UINT8 -> {
        for (int x = 0; x < line.length; x++) {
          line[x] = raw.get(start + (column + x) / repeat * stride) & 0xFF;
        }
      }
      case UINT16 -> {
        for (int x = 0; x < line.length; x++) {
          line[x] = raw.getShort(start + (column + x) / repeat * stride) & 0xFFFF;
        }
      }
      case INT16 -> {
        for (int x = 0; x < line.length; x++) {
          line[x] = raw.getShort(start + (column + x) / repeat * stride);
        }
      }
      case FLOAT32 -> {
        for (int x = 0; x < line.length; x++) {
          line[x] = raw.getFloat(start + (column + x) / repeat * stride);
        }
      }
    }
  }
}
