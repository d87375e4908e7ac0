package dev.kiln.dataset.merge;

import dev.kiln.dataset.ReadErrors;
import dev.kiln.error.MachineException;
import dev.kiln.sink.RowFileWriter;
import dev.kiln.sink.RowSchema;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;

/** Writes one file of a partition. */
final class PartWriter implements AutoCloseable {
  private final Path path;
  private final RowFileWriter file;
  private final int rowGroupRows;
  private final Envelope bounds = new Envelope();
  private final Set<String> types = new TreeSet<>(Set.of(Geometry.TYPENAME_POLYGON));
  private int inGroup;
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
    try {
      this.file = new RowFileWriter(path, schema);
    } catch (IOException e) {
      throw cannotWrite(e);
    }
  }

  long rows() {
    return file.rows();
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
    if (inGroup == rowGroupRows || rowCrosses != crossing) {
      endRowGroup();
    }
    crossing = rowCrosses;
    file.add(row.packed());
    inGroup++;
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

  private void endRowGroup() {
    if (inGroup > 0) {
      try {
        file.endRowGroup();
      } catch (IOException e) {
        throw cannotWrite(e);
      }
      rowGroups++;
      inGroup = 0;
    }
  }

  /**
   * Writes the footer.
   *
   * @param kiln value of the key {@code kiln}
   * @param emb value of the key {@code emb}
   */
  void finish(String kiln, String emb) {
    endRowGroup();
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
