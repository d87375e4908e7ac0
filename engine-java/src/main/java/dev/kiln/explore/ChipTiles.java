package dev.kiln.explore;

import dev.kiln.picture.ChipShapes;
import dev.kiln.picture.ColoredChips;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.locationtech.jts.geom.Envelope;

/**
 * Chips as tiles of a web map. A tile with few chips contains their outlines; one with many
 * contains a grid of {@value #CELLS} by {@value #CELLS} cells, each with the mean colour of its
 * chips.
 *
 * <p>Format, little-endian: the kind of tile (int32, 0 outlines, 1 cells), the number of chips in
 * it (int32), then
 *
 * <ul>
 *   <li>for each outline, oldest chip first: number of the chip (int32); red, green, blue and the
 *       number n of vertices (uint8 each); n times x and y relative to the tile's upper left corner
 *       (int32 each), of which 2^31 are the world;
 *   <li>for each cell, row by row: red, green, blue and opacity (uint8 each), 0 without chips.
 * </ul>
 */
final class ChipTiles {
  static final int DEEPEST = 24;
  static final int CELLS = 128;

  /** Outlines of more chips would be smaller than a few pixels, and slow to draw. */
  private static final int MOST_OUTLINES = 4000;

  private final ColoredChips chips;
  private final ChipShapes shapes;
  private final ChipIndex index;
  private final int[] age;

  ChipTiles(ColoredChips chips, ChipIndex index) {
    this.chips = chips;
    this.shapes = chips.shapes();
    this.index = index;
    this.age = new int[chips.size()];
    int[] order = chips.oldestFirst();
    for (int i = 0; i < order.length; i++) {
      age[order[i]] = i;
    }
  }

  /**
   * Returns a tile.
   *
   * @param zoom 0 for the whole world, at most {@value #DEEPEST}
   * @param column from 0 in the west
   * @param row from 0 in the north
   */
  byte[] tile(int zoom, int column, int row, ChipFilter.Test filter) {
    long size = ChipShapes.WORLD >> zoom;
    long left = column * size;
    long top = row * size;
    Parts found = new Parts();
    index.visit(
        new Envelope(left, left + size - 1, top, top + size - 1),
        part -> {
          if (filter.accepts(shapes.chip(part))) {
            found.add(part);
          }
        });
    return found.count <= MOST_OUTLINES
        ? outlines(found, left, top)
        : cells(found, left, top, size);
  }

  /** A growing list of parts. */
  private static final class Parts {
    private int[] parts = new int[256];
    private int count;

    void add(int part) {
      if (count == parts.length) {
        parts = Arrays.copyOf(parts, 2 * count);
      }
      parts[count++] = part;
    }
  }

  private byte[] outlines(Parts found, long left, long top) {
    long[] keys = new long[found.count];
    int vertices = 0;
    for (int i = 0; i < keys.length; i++) {
      keys[i] = (long) age[shapes.chip(found.parts[i])] << 32 | found.parts[i];
      vertices += shapes.vertices(found.parts[i]);
    }
    Arrays.sort(keys);
    ByteBuffer tile = buffer(8 + 8 * keys.length + 8 * vertices);
    tile.putInt(0).putInt(keys.length);
    for (long key : keys) {
      int part = (int) key;
      int rgb = chips.rgb(shapes.chip(part));
      int count = shapes.vertices(part);
      tile.putInt(shapes.chip(part));
      tile.put((byte) (rgb >> 16)).put((byte) (rgb >> 8)).put((byte) rgb).put((byte) count);
      for (int v = 0; v < count; v++) {
        tile.putInt((int) (shapes.x(part, v) - left)).putInt((int) (shapes.y(part, v) - top));
      }
    }
    return tile.array();
  }

  private byte[] cells(Parts found, long left, long top, long size) {
    long[] red = new long[CELLS * CELLS];
    long[] green = new long[CELLS * CELLS];
    long[] blue = new long[CELLS * CELLS];
    int[] counts = new int[CELLS * CELLS];
    double scale = (double) CELLS / size;
    for (int i = 0; i < found.count; i++) {
      int[] b = shapes.bounds(found.parts[i]);
      int rgb = chips.rgb(shapes.chip(found.parts[i]));
      // A chip smaller than a cell belongs to the cell of its centre.
      double halfWidth = Math.max(0, (b[2] - b[0]) * scale - 1) / 2;
      double halfHeight = Math.max(0, (b[3] - b[1]) * scale - 1) / 2;
      double x = (((long) b[0] + b[2]) / 2.0 - left) * scale;
      double y = (((long) b[1] + b[3]) / 2.0 - top) * scale;
      int lastColumn = cell(x + halfWidth);
      int lastRow = cell(y + halfHeight);
      for (int row = cell(y - halfHeight); row <= lastRow; row++) {
        for (int column = cell(x - halfWidth); column <= lastColumn; column++) {
          int at = row * CELLS + column;
          red[at] += rgb >> 16 & 0xff;
          green[at] += rgb >> 8 & 0xff;
          blue[at] += rgb & 0xff;
          counts[at]++;
        }
      }
    }
    ByteBuffer tile = buffer(8 + 4 * counts.length);
    tile.putInt(1).putInt(found.count);
    for (int i = 0; i < counts.length; i++) {
      int n = Math.max(1, counts[i]);
      tile.put((byte) (red[i] / n)).put((byte) (green[i] / n)).put((byte) (blue[i] / n));
      tile.put((byte) (counts[i] == 0 ? 0 : 255));
    }
    return tile.array();
  }

  private static int cell(double position) {
    return (int) Math.min(CELLS - 1.0, Math.max(0, Math.floor(position)));
  }

  private static ByteBuffer buffer(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
  }
}
