package dev.kiln.dataset.merge;

import dev.kiln.dataset.ReadErrors;
import dev.kiln.error.MachineException;
import dev.kiln.sink.RowFileWriter;
import dev.kiln.sink.RowSchema;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;

/**
 * Writes one file of a partition. A row group has half of its largest number of rows or more, and
 * ends where the Hilbert curve leaves the largest square: rows on both sides of such a place would
 * give the row group a box of which most is empty.
 */
final class PartWriter implements AutoCloseable {
  private final Path path;
  private final RowFileWriter file;
  private final int rowGroupRows;
  private final Envelope bounds = new Envelope();
  private final Set<String> types = new TreeSet<>(Set.of(Geometry.TYPENAME_POLYGON));

  /** Rows that are not in a row group yet, one more than its largest number at most. */
  private final List<byte[]> waiting = new ArrayList<>();

  /** Positions of these rows on the curve. */
  private final int[] keys;

  private int rowGroups;
  private boolean crossing;

  /**
   * A row.
   *
   * @param box in degrees; beyond 180 across the antimeridian
   * @param multipolygon whether the footprint has two parts
   * @param packed the row; advanced
   */
  record Row(Envelope box, boolean multipolygon, ByteBuffer packed) {}

  PartWriter(Path path, RowSchema schema, int rowGroupRows) {
    this.path = path;
    this.rowGroupRows = rowGroupRows;
    this.keys = new int[rowGroupRows + 1];
    try {
      this.file = new RowFileWriter(path, schema);
    } catch (IOException e) {
      throw cannotWrite(e);
    }
  }

  long rows() {
    return file.rows() + waiting.size();
  }

  int rowGroups() {
    return rowGroups;
  }

  /**
   * Adds a row.
   *
   * @param key position on the curve
   */
  void add(int key, Row row) {
    boolean rowCrosses = key == CellGrid.AFTER_ALL;
    if (rowCrosses != crossing) {
      endRowGroup(waiting.size());
    }
    crossing = rowCrosses;
    byte[] packed = new byte[row.packed().remaining()];
    row.packed().get(packed);
    keys[waiting.size()] = key;
    waiting.add(packed);
    if (waiting.size() > rowGroupRows) {
      endRowGroup(end());
    }
    if (row.box().getMaxX() > 180) {
      bounds.expandToInclude(-180, row.box().getMinY());
      bounds.expandToInclude(180, row.box().getMaxY());
    } else {
      bounds.expandToInclude(row.box());
    }
    if (row.multipolygon()) {
      types.add(Geometry.TYPENAME_MULTIPOLYGON);
    }
  }

  /** Returns how many of the waiting rows the next row group has. */
  private int end() {
    int best = rowGroupRows;
    int largest = -1;
    for (int rows = rowGroupRows; rows >= Math.max(1, rowGroupRows / 2); rows--) {
      int square = square(keys[rows - 1], keys[rows]);
      if (square > largest) {
        largest = square;
        best = rows;
      }
    }
    return best;
  }

  /** Returns the level of the largest square that the curve leaves between two positions. */
  private static int square(int from, int to) {
    // A digit of two bits per level says which of four squares a position is in.
    return (Integer.SIZE - Integer.numberOfLeadingZeros(from ^ to) + 1) / 2;
  }

  private void endRowGroup(int rows) {
    if (rows == 0) {
      return;
    }
    List<byte[]> group = waiting.subList(0, rows);
    group.forEach(row -> file.add(ByteBuffer.wrap(row).order(ByteOrder.LITTLE_ENDIAN)));
    group.clear();
    System.arraycopy(keys, rows, keys, 0, waiting.size());
    try {
      file.endRowGroup();
    } catch (IOException e) {
      throw cannotWrite(e);
    }
    rowGroups++;
  }

  /**
   * Writes the footer.
   *
   * @param kiln value of the key {@code kiln}
   * @param emb value of the key {@code emb}
   */
  void finish(String kiln, String emb) {
    endRowGroup(waiting.size());
    Map<String, String> keys = new LinkedHashMap<>();
    keys.put("emb", emb);
    keys.put("kiln", kiln);
    try {
      file.finish(types, bounds, keys);
    } catch (IOException e) {
      throw cannotWrite(e);
    }
  }

  private MachineException cannotWrite(IOException e) {
    return new MachineException(
        "cannot write %s: %s: free space, or set --scratch to another directory"
            .formatted(path, ReadErrors.reason(e)),
        e);
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw cannotWrite(e);
    }
  }
}
