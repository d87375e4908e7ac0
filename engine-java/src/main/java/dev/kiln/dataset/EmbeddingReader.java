package dev.kiln.dataset;

import dev.kiln.error.ConfigurationException;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.ParquetBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Reads the rows of a dataset in batches, by some columns and a filter. Memory is bounded by the
 * number of threads, whatever the size of the files: a thread holds one batch and a few pages.
 *
 * <p>A file that is damaged does not end a pass; it is named in the report. Vectors of different
 * models, precisions or lengths do end it, unless they are allowed. Rows whose vector is missing or
 * not finite are left out and counted.
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
     * Sets the columns; at least one.
     *
     * @param wanted columns or rows to read
     * @return this builder
     */
    public Builder columns(Set<Column> wanted) {
      this.columns = wanted;
      return this;
    }

    /**
     * Sets which rows are read.
     *
     * @param wanted columns or rows to read
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
   * @throws IOException from the consumer
   * @throws InterruptedException if the thread is interrupted
   */
  public ReadReport read(BatchConsumer consumer) throws IOException, InterruptedException {
    Pass pass = new Pass(consumer, Optional.empty());
    pass.run(Math.min(threads, Runtime.getRuntime().availableProcessors() * 4));
    return pass.report();
  }

  /**
   * Reads some rows. The filter is not applied. Rows are delivered in their order in the dataset.
   *
   * @param rows positions of the rows, in any order
   * @param consumer receives the batches, on the thread that read them
   * @return what was read, and the files that could not be
   * @throws IOException from the consumer
   * @throws InterruptedException if the thread is interrupted
   */
  public ReadReport read(Collection<RowRef> rows, BatchConsumer consumer)
      throws IOException, InterruptedException {
    Map<Integer, TreeSet<Long>> byFile = new TreeMap<>();
    rows.forEach(r -> byFile.computeIfAbsent(r.file(), f -> new TreeSet<>()).add(r.row()));
    Pass pass = new Pass(consumer, Optional.of(byFile));
    pass.run(1);
    return pass.report();
  }

  /** An open file. Closed when its last row group has been read. */
  private static final class OpenFile {
    private final int index;
    private final EmbeddingFile file;
    private final ParquetBytes bytes;
    private int groupsLeft;
    private boolean failed;

    OpenFile(int index, EmbeddingFile file, ParquetBytes bytes) {
      this.index = index;
      this.file = file;
      this.bytes = bytes;
      this.groupsLeft = file.rowGroups();
    }
  }

  /** A row group to read; without a file, the next file is to be opened. */
  private record Task(OpenFile file, int rowGroup, long firstRow, int unopened) {}

  /** Counts the bytes that are read. */
  private record CountedBytes(ParquetBytes bytes, AtomicLong count) implements ParquetBytes {
    @Override
    public String name() {
      return bytes.name();
    }

    @Override
    public long size() {
      return bytes.size();
    }

    @Override
    public ByteBuffer read(long offset, int length) throws IOException {
      count.addAndGet(length);
      return bytes.read(offset, length);
    }

    @Override
    public void close() {
      bytes.close();
    }
  }

  /** One pass over the dataset. */
  private final class Pass {
    private final BatchConsumer consumer;
    private final Optional<Map<Integer, TreeSet<Long>>> wanted;
    private final List<Integer> order = new ArrayList<>();
    private final Deque<Task> ready = new ArrayDeque<>();
    private final List<FileFault> faults = new ArrayList<>();
    private final AtomicLong bytesRead = new AtomicLong();
    private int nextFile;
    private int opening;
    private Throwable failure;

    private ModelSignature signature;
    private String signatureFile;
    private int dim;
    private String dimFile;

    private int opened;
    private long rows;
    private long delivered;
    private long rowGroups;
    private long skipped;
    private long notFinite;

    Pass(BatchConsumer consumer, Optional<Map<Integer, TreeSet<Long>>> wanted) {
      this.consumer = consumer;
      this.wanted = wanted;
      if (wanted.isPresent()) {
        order.addAll(wanted.get().keySet());
      } else {
        for (int i = 0; i < files.keys().size(); i++) {
          order.add(i);
        }
      }
    }

    synchronized ReadReport report() {
      faults.sort(Comparator.comparing(FileFault::key));
      return new ReadReport(
          opened, rows, delivered, rowGroups, skipped, notFinite, bytesRead.get(), faults);
    }

    void run(int count) throws IOException, InterruptedException {
      List<Thread> others = new ArrayList<>();
      for (int i = 1; i < count; i++) {
        Thread thread = new Thread(this::work, "read-" + i);
        thread.setDaemon(true);
        thread.start();
        others.add(thread);
      }
      work();
      try {
        for (Thread thread : others) {
          thread.join();
        }
      } catch (InterruptedException e) {
        fail(e);
        others.forEach(Thread::interrupt);
        throw e;
      } finally {
        closeAll();
      }
      rethrow();
    }

    private synchronized void closeAll() {
      ready.stream().filter(t -> t.file() != null).forEach(t -> t.file().bytes.close());
      ready.clear();
    }

    private synchronized void rethrow() throws IOException, InterruptedException {
      if (failure instanceof IOException e) {
        throw e;
      }
      if (failure instanceof InterruptedException e) {
        throw e;
      }
      if (failure instanceof RuntimeException e) {
        throw e;
      }
      if (failure instanceof Error e) {
        throw e;
      }
    }

    private synchronized void fail(Throwable e) {
      if (failure == null) {
        failure = e;
      }
      notifyAll();
    }

    private void work() {
      try {
        for (Task task = take(); task != null; task = take()) {
          if (task.file() == null) {
            open(task.unopened());
          } else {
            read(task);
          }
        }
      } catch (Throwable e) {
        fail(e);
      }
    }

    /** Returns the next task; null after the last or after a failure. */
    private synchronized Task take() throws InterruptedException {
      while (failure == null) {
        if (!ready.isEmpty()) {
          return ready.poll();
        }
        if (nextFile < order.size()) {
          opening++;
          return new Task(null, 0, 0, order.get(nextFile++));
        }
        if (opening == 0) {
          return null;
        }
        wait();
      }
      return null;
    }

    private void open(int index) {
      OpenFile open = null;
      try {
        ParquetBytes bytes = new CountedBytes(files.open(index), bytesRead);
        try {
          open = new OpenFile(index, EmbeddingFile.open(bytes), bytes);
        } finally {
          if (open == null) {
            bytes.close();
          }
        }
      } catch (IOException | ConfigurationException e) {
        fault(index, e);
      }
      synchronized (this) {
        opening--;
        notifyAll();
        if (open != null) {
          opened++;
          if (open.groupsLeft == 0) {
            open.bytes.close();
          }
          long first = 0;
          for (int g = 0; g < open.file.rowGroups(); g++) {
            ready.add(new Task(open, g, first, 0));
            first += open.file.rows(g);
          }
        }
      }
      if (open != null) {
        checkFile(open);
      }
    }

    /** Checks what a file must have in common with the others. */
    private void checkFile(OpenFile open) {
      if (wanted.isEmpty()) {
        RowGroupReader.requireColumns(open.file, filter);
      }
      if (mixed || !columns.contains(Column.VECTOR)) {
        return;
      }
      ModelSignature found = ModelSignature.of(open.file);
      synchronized (this) {
        if (signature == null) {
          signature = found;
          signatureFile = open.file.name();
        }
        String differences = signature.differences(found);
        if (!differences.isEmpty()) {
          throw new ConfigurationException(
              "%s: %s, as in %s: vectors of different models cannot be compared"
                  .formatted(open.file.name(), differences, signatureFile));
        }
      }
    }

    private synchronized void checkDim(String name, int found) {
      if (mixed || found == 0) {
        return;
      }
      if (dim == 0) {
        dim = found;
        dimFile = name;
      }
      if (dim != found) {
        throw new ConfigurationException(
            "%s: expected vectors of %d values, as in %s, found %d"
                .formatted(name, dim, dimFile, found));
      }
    }

    private void read(Task task) throws IOException, InterruptedException {
      OpenFile open = task.file();
      try {
        readRowGroup(task);
      } finally {
        synchronized (this) {
          if (--open.groupsLeft == 0) {
            open.bytes.close();
          }
        }
      }
    }

    private void readRowGroup(Task task) throws IOException, InterruptedException {
      OpenFile open = task.file();
      BitSet some = null;
      long count = open.file.rows(task.rowGroup());
      if (wanted.isPresent()) {
        some = new BitSet();
        for (long row :
            wanted.get().get(open.index).subSet(task.firstRow(), task.firstRow() + count)) {
          some.set(Math.toIntExact(row - task.firstRow()));
        }
      }
      boolean needless =
          some == null
              ? !RowGroupReader.mayMeet(open.file, task.rowGroup(), filter)
              : some.isEmpty();
      synchronized (this) {
        rowGroups++;
        rows += count;
        skipped += needless ? 1 : 0;
        if (needless || open.failed) {
          return;
        }
      }
      RowGroupReader reader;
      try {
        reader =
            new RowGroupReader(
                open.index,
                open.file,
                files.keys().get(open.index),
                task.rowGroup(),
                task.firstRow(),
                filter,
                columns,
                some);
      } catch (ConfigurationException e) {
        fault(open, e);
        return;
      }
      checkDim(open.file.name(), reader.dim());
      int batchRows =
          Math.min(
              MAX_BATCH_ROWS,
              Math.max(MIN_BATCH_ROWS, BATCH_BYTES / Float.BYTES / Math.max(1, reader.dim())));
      while (true) {
        Optional<EmbeddingBatch> batch;
        try {
          batch = reader.read(batchRows);
        } catch (ConfigurationException e) {
          fault(open, e);
          break;
        }
        synchronized (this) {
          if (batch.isEmpty() || failure != null) {
            break;
          }
          delivered += batch.get().size();
        }
        if (batch.get().size() > 0) {
          consumer.accept(batch.get());
        }
      }
      synchronized (this) {
        notFinite += reader.notFinite();
      }
    }

    private synchronized void fault(OpenFile open, Exception e) {
      if (!open.failed) {
        open.failed = true;
        fault(open.index, e);
      }
    }

    private synchronized void fault(int index, Exception e) {
      String reason = e.getMessage() == null ? e.toString() : e.getMessage();
      String name = files.name(index);
      faults.add(
          new FileFault(
              files.keys().get(index), reason.startsWith(name) ? reason : name + ": " + reason));
    }
  }
}
