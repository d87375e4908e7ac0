package dev.kiln.dataset;

import dev.kiln.error.ConfigurationException;
import dev.kiln.io.Workers;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.ParquetBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One pass over a dataset. Threads take row groups of open files; when there is none, they open the
 * next file. A file is closed when its last row group has been read.
 */
final class ReadPass {
  private static final int BATCH_BYTES = 4 << 20;
  private static final int MAX_BATCH_ROWS = 8192;
  private static final int MIN_BATCH_ROWS = 64;

  private final EmbeddingReader reader;
  private final EmbeddingFiles files;
  private final EmbeddingReader.BatchConsumer consumer;

  /** Rows by file; empty for all that meet the filter. */
  private final Optional<Map<Integer, TreeSet<Long>>> wanted;

  private final List<Integer> order = new ArrayList<>();
  private final Deque<Task> ready = new ArrayDeque<>();
  private final List<FileFault> faults = new ArrayList<>();
  private final AtomicLong bytesRead = new AtomicLong();
  private final SameModel sameModel = new SameModel();
  private int nextFile;
  private int opening;

  private int opened;
  private long rows;
  private long delivered;
  private long rowGroups;
  private long skipped;
  private long notFinite;

  ReadPass(
      EmbeddingReader reader,
      EmbeddingReader.BatchConsumer consumer,
      Optional<Map<Integer, TreeSet<Long>>> wanted) {
    this.reader = reader;
    this.files = reader.files();
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

  /** An open file. */
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

  /** Reads on a number of threads, of which the caller's is one. */
  ReadReport run(int threads) throws IOException, InterruptedException {
    try (Workers workers = new Workers("read", Math.max(1, threads - 1))) {
      Workers.Group group = workers.group();
      for (int i = 1; i < threads; i++) {
        group.start(() -> work(group));
      }
      group.run(() -> work(group));
      group.finish();
    } finally {
      closeAll();
    }
    return report();
  }

  private synchronized ReadReport report() {
    faults.sort(Comparator.comparing(FileFault::key));
    return new ReadReport(
        opened, rows, delivered, rowGroups, skipped, notFinite, bytesRead.get(), faults);
  }

  private synchronized void closeAll() {
    ready.stream().filter(t -> t.file() != null).forEach(t -> t.file().bytes.close());
    ready.clear();
  }

  private void work(Workers.Group group) throws IOException, InterruptedException {
    for (Task task = take(); task != null && !group.failed(); task = take()) {
      if (task.file() == null) {
        open(task.unopened());
      } else {
        read(task, group);
      }
    }
  }

  /** Returns the next task; null after the last. */
  private synchronized Task take() throws InterruptedException {
    while (true) {
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
  }

  private void open(int index) throws IOException, InterruptedException {
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
      ReadErrors.requireOfTheFile(e);
      fault(index, e);
    } finally {
      opened(open);
    }
    if (open != null) {
      check(open);
    }
  }

  /** Makes the row groups of a file available; null if it could not be opened. */
  private synchronized void opened(OpenFile open) {
    opening--;
    notifyAll();
    if (open == null) {
      return;
    }
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

  /** Checks what a file must have in common with the others. */
  private void check(OpenFile open) {
    if (wanted.isEmpty()) {
      RowGroupStatistics.requireColumns(open.file, reader.filter());
    }
    if (!reader.mixed() && reader.columns().contains(Column.VECTOR)) {
      sameModel.requireModel(open.file);
    }
  }

  private void read(Task task, Workers.Group group) throws IOException, InterruptedException {
    OpenFile open = task.file();
    try {
      BitSet rowsOfGroup = wantedRows(task);
      if (isNeeded(task, rowsOfGroup)) {
        readBatches(task, rowsOfGroup, group);
      }
    } finally {
      synchronized (this) {
        if (--open.groupsLeft == 0) {
          open.bytes.close();
        }
      }
    }
  }

  /** Returns the wanted rows of a row group; null for those that meet the filter. */
  private BitSet wantedRows(Task task) {
    if (wanted.isEmpty()) {
      return null;
    }
    BitSet some = new BitSet();
    long end = task.firstRow() + task.file().file.rows(task.rowGroup());
    for (long row : wanted.get().get(task.file().index).subSet(task.firstRow(), end)) {
      some.set(Math.toIntExact(row - task.firstRow()));
    }
    return some;
  }

  private boolean isNeeded(Task task, BitSet some) {
    OpenFile open = task.file();
    boolean needed =
        some == null
            ? RowGroupStatistics.mayMeet(open.file, task.rowGroup(), reader.filter())
            : !some.isEmpty();
    synchronized (this) {
      rowGroups++;
      rows += open.file.rows(task.rowGroup());
      skipped += needed ? 0 : 1;
      return needed && !open.failed;
    }
  }

  private void readBatches(Task task, BitSet some, Workers.Group group)
      throws IOException, InterruptedException {
    OpenFile open = task.file();
    RowGroupReader rowGroup;
    try {
      rowGroup =
          new RowGroupReader(
              open.index,
              open.file,
              files.keys().get(open.index),
              task.rowGroup(),
              task.firstRow(),
              reader.filter(),
              reader.columns(),
              some);
    } catch (ConfigurationException e) {
      fault(open, e);
      return;
    }
    if (!reader.mixed()) {
      sameModel.requireLength(open.file.name(), rowGroup.dim());
    }
    int batchRows =
        Math.min(
            MAX_BATCH_ROWS,
            Math.max(MIN_BATCH_ROWS, BATCH_BYTES / Float.BYTES / Math.max(1, rowGroup.dim())));
    while (!group.failed()) {
      Optional<EmbeddingBatch> batch;
      try {
        batch = rowGroup.read(batchRows);
      } catch (ConfigurationException e) {
        fault(open, e);
        break;
      }
      if (batch.isEmpty()) {
        break;
      }
      if (batch.get().size() > 0) {
        consumer.accept(batch.get());
      }
      synchronized (this) {
        delivered += batch.get().size();
      }
    }
    synchronized (this) {
      notFinite += rowGroup.notFinite();
    }
  }

  private void fault(OpenFile open, Exception e) throws IOException, InterruptedException {
    ReadErrors.requireOfTheFile(e);
    synchronized (this) {
      if (!open.failed) {
        open.failed = true;
        fault(open.index, e);
      }
    }
  }

  private synchronized void fault(int index, Exception e) {
    String reason = ReadErrors.reason(e);
    String name = files.name(index);
    faults.add(
        new FileFault(
            files.keys().get(index), reason.startsWith(name) ? reason : name + ": " + reason));
  }
}
