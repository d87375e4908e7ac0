package dev.kiln.dataset;

/**
 * The position of a row in a dataset.
 *
 * @param file index in {@link EmbeddingFiles#keys}
 * @param row position in the file, from 0
 */
public record RowRef(int file, long row) implements Comparable<RowRef> {
  @Override
  public int compareTo(RowRef other) {
    return file != other.file ? Integer.compare(file, other.file) : Long.compare(row, other.row);
  }
}
