package dev.kiln.dataset;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Reads the rows of a dataset in batches, by some columns and a filter. Memory is bounded by the
 * number of threads, whatever the size of the files: a thread holds one batch and a few pages.
 *
 * <p>A file that is damaged does not end a pass; it is named in the report. A store that cannot be
 * reached does, and so do vectors of different models, precisions or lengths, unless they are
 * allowed. Rows whose vector is missing or not finite are left out and counted.
 */
public final class EmbeddingReader {
  private static final int BATCH_BYTES = 4 << 20;
  private static final int MAX_BATCH_ROWS = 8192;
  private static final int MIN_BATCH_ROWS = 64;

  private final EmbeddingFiles files;
  private final Set<Column> columns;
  private final RowFilter filter;
  private final int threads;
  private final boolean mixed;

  private EmbeddingReader(Builder builder) {
    this.files = builder.files;
    this.columns = EnumSet.copyOf(builder.columns);
    this.filter = builder.filter;
    this.threads = builder.threads;
    this.mixed = builder.mixed;
  }

  /** Takes batches. Calls by several threads at once are possible. */
  @FunctionalInterface
  public interface BatchConsumer {
    /**
     * Takes one batch, which belongs to the consumer.
     *
     * @param batch rows in the order of the dataset
     * @throws IOException ends the pass
     * @throws InterruptedException if the thread is interrupted
     */
    void accept(EmbeddingBatch batch) throws IOException, InterruptedException;
  }

  /**
   * {@return a builder of a reader of all rows with ids, times, boxes and vectors, on one thread}
   *
   * @param files borrowed
   */
  public static Builder builder(EmbeddingFiles files) {
    return new Builder(files);
  }

  /** Builds an {@link EmbeddingReader}. */
  public static final class Builder {
    private final EmbeddingFiles files;
    private Set<Column> columns =
        EnumSet.of(Column.IDS, Column.DATETIME, Column.BOX, Column.VECTOR);
    private RowFilter filter = RowFilter.all();
    private int threads = 1;
    private boolean mixed;

    private Builder(EmbeddingFiles files) {
      this.files = files;
    }

    /**
     * Sets the columns.
     *
     * @param wanted columns to read; at least one
     * @return this builder
     */
    public Builder columns(Set<Column> wanted) {
      this.columns = wanted;
      return this;
    }

    /**
     * Sets which rows are read.
     *
     * @param wanted conditions that they meet
     * @return this builder
     */
    public Builder filter(RowFilter wanted) {
      this.filter = wanted;
      return this;
    }

    /**
     * Sets the number of threads. With one, batches arrive in the order of the rows.
     *
     * @param count threads, at least 1
     * @return this builder
     */
    public Builder threads(int count) {
      this.threads = Math.max(1, count);
      return this;
    }

    /**
     * Sets whether vectors of different models, precisions and lengths are read.
     *
     * @param allow whether they are read
     * @return this builder
     */
    public Builder allowMixed(boolean allow) {
      this.mixed = allow;
      return this;
    }

    /** {@return the reader} */
    public EmbeddingReader build() {
      return new EmbeddingReader(this);
    }
  }

  /**
   * Reads all wanted rows.
   *
   * @param consumer receives the batches, on the thread that read them
   * @return what was read, and the files that could not be
   * @throws ConfigurationException if files differ in their model, precision or length of vectors
   *     and that is not allowed, or lack a column that the filter needs
   * @throws IOException from the consumer, or if the store cannot be reached
   * @throws InterruptedException if the thread is interrupted
   */
  public ReadReport read(BatchConsumer consumer) throws IOException, InterruptedException {
    return new ReadPass(this, consumer, Optional.empty())
        .run(Math.min(threads, Runtime.getRuntime().availableProcessors() * 4));
  }

  /**
   * Reads some rows. The filter is not applied. Rows are delivered in their order in the dataset.
   *
   * @param rows positions of the rows, in any order
   * @param consumer receives the batches, on the thread that read them
   * @return what was read, and the files that could not be
   * @throws IOException from the consumer, or if the store cannot be reached
   * @throws InterruptedException if the thread is interrupted
   */
  public ReadReport read(Collection<RowRef> rows, BatchConsumer consumer)
      throws IOException, InterruptedException {
    Map<Integer, TreeSet<Long>> byFile = new TreeMap<>();
    rows.forEach(r -> byFile.computeIfAbsent(r.file(), f -> new TreeSet<>()).add(r.row()));
    return new ReadPass(this, consumer, Optional.of(byFile)).run(1);
  }

  EmbeddingFiles files() {
    return files;
  }

  Set<Column> columns() {
    return columns;
  }

  RowFilter filter() {
    return filter;
  }

  boolean mixed() {
    return mixed;
  }
}
