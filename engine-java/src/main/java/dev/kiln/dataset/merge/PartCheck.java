package dev.kiln.dataset.merge;

import dev.kiln.error.MachineException;
import dev.kiln.sink.ParquetBytes;
import dev.kiln.sink.RowFile;
import java.io.IOException;

/** Checks a written file before it becomes part of the dataset. */
final class PartCheck {
  private PartCheck() {}

  /**
   * Returns the size of a file whose footer has the rows that were written.
   *
   * @throws MachineException if it has not
   */
  static long bytes(CellMerge.Part part) throws IOException {
    try (ParquetBytes bytes = ParquetBytes.open(part.path())) {
      long rows = RowFile.open(bytes).rows();
      if (rows != part.rows()) {
        throw new MachineException(
            "%s: expected %d rows, found %d: the disk of --scratch loses what is written to it: check it, or set another directory"
                .formatted(part.path(), part.rows(), rows),
            null);
      }
      return bytes.size();
    }
  }
}
