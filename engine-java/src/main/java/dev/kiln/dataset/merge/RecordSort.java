package dev.kiln.dataset.merge;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Sorts records by a key, then by their bytes, in bounded memory: what exceeds it is written to
 * scratch files as sorted runs, which are merged when the records are read.
 *
 * <p>Used by one thread.
 */
final class RecordSort implements AutoCloseable {
  private static final int SMALLEST_ARENA = 1 << 20;
  private static final int LARGEST_READ_BUFFER = 1 << 20;
  private static final int SMALLEST_READ_BUFFER = 1 << 14;

  private final Path scratch;
  private final int memory;
  private final List<Path> runs = new ArrayList<>();

  private byte[] arena = new byte[SMALLEST_ARENA];
  private int used;
  private int[] offsets = new int[1024];

  /** Key in the upper half, number of the record in the lower. */
  private long[] order = new long[1024];

  private int count;
  private long records;

  /** The records in their order. */
  interface Cursor extends AutoCloseable {
    /** Advances to the next record; returns whether there is one. */
    boolean next() throws IOException;

    /** Returns the key of the record. */
    int key();

    /** Returns the bytes of the record, little-endian; valid until the next call of next. */
    ByteBuffer record();

    @Override
    void close() throws IOException;
  }

  /**
   * Creates an empty sort.
   *
   * @param scratch directory for runs; borrowed
   * @param memory limit in bytes
   */
  RecordSort(Path scratch, int memory) {
    this.scratch = scratch;
    this.memory = memory;
  }

  /** Returns the number of records. */
  long records() {
    return records;
  }

  /** Returns the number of runs in scratch files. */
  int spilledRuns() {
    return runs.size();
  }

  /**
   * Adds a record.
   *
   * @param key not negative
   * @param record its remaining bytes are copied
   */
  void add(int key, ByteBuffer record) throws IOException {
    int length = record.remaining();
    if (count > 0 && (long) used + length + 12L * (count + 1) > memory) {
      spill();
    }
    if ((long) used + length > arena.length) {
      long wanted = Math.max((long) used + length, Math.min(2L * arena.length, memory));
      arena = Arrays.copyOf(arena, Math.toIntExact(wanted));
    }
    if (count + 1 >= offsets.length) {
      offsets = Arrays.copyOf(offsets, offsets.length * 2);
      order = Arrays.copyOf(order, order.length * 2);
    }
    offsets[count] = used;
    order[count] = (long) key << 32 | count;
    record.get(arena, used, length);
    used += length;
    count++;
    offsets[count] = used;
    records++;
  }

  private void sort() {
    Arrays.sort(order, 0, count);
    for (int from = 0; from < count; ) {
      int to = from + 1;
      while (to < count && order[to] >>> 32 == order[from] >>> 32) {
        to++;
      }
      if (to - from > 1) {
        sortEqualKeys(from, to);
      }
      from = to;
    }
  }

  private void sortEqualKeys(int from, int to) {
    Long[] equal = new Long[to - from];
    for (int i = from; i < to; i++) {
      equal[i - from] = order[i];
    }
    Arrays.sort(
        equal,
        (a, b) -> {
          int x = a.intValue();
          int y = b.intValue();
          return Arrays.compareUnsigned(
              arena, offsets[x], offsets[x + 1], arena, offsets[y], offsets[y + 1]);
        });
    for (int i = from; i < to; i++) {
      order[i] = equal[i - from];
    }
  }

  private void spill() throws IOException {
    sort();
    Path run = scratch.resolve("run-" + runs.size());
    runs.add(run);
    try (DataOutputStream out =
        new DataOutputStream(
            new BufferedOutputStream(Files.newOutputStream(run), LARGEST_READ_BUFFER))) {
      for (int i = 0; i < count; i++) {
        int record = (int) order[i];
        out.writeInt((int) (order[i] >>> 32));
        int length = offsets[record + 1] - offsets[record];
        out.writeInt(length);
        out.write(arena, offsets[record], length);
      }
    }
    used = 0;
    count = 0;
  }

  /** Returns the records in their order; none can be added any more. */
  Cursor sorted() throws IOException {
    if (runs.isEmpty()) {
      sort();
      return new InMemory();
    }
    if (count > 0) {
      spill();
    }
    arena = new byte[0];
    return new Merged();
  }

  @Override
  public void close() throws IOException {
    for (Path run : runs) {
      Files.deleteIfExists(run);
    }
  }

  private final class InMemory implements Cursor {
    private int at = -1;

    @Override
    public boolean next() {
      return ++at < count;
    }

    @Override
    public int key() {
      return (int) (order[at] >>> 32);
    }

    @Override
    public ByteBuffer record() {
      int record = (int) order[at];
      return ByteBuffer.wrap(arena, offsets[record], offsets[record + 1] - offsets[record])
          .order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() {}
  }

  /** A run that is being read. */
  private static final class Run implements AutoCloseable {
    private static final Comparator<Run> ORDER =
        (a, b) ->
            a.key != b.key
                ? Integer.compare(a.key, b.key)
                : Arrays.compareUnsigned(a.bytes, 0, a.length, b.bytes, 0, b.length);

    private final DataInputStream in;
    private int key;
    private byte[] bytes = new byte[1024];
    private int length;

    Run(Path file, int buffer) throws IOException {
      this.in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), buffer));
    }

    boolean next() throws IOException {
      in.mark(1);
      if (in.read() < 0) {
        return false;
      }
      in.reset();
      key = in.readInt();
      length = in.readInt();
      if (length > bytes.length) {
        bytes = new byte[length];
      }
      in.readFully(bytes, 0, length);
      return true;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  private final class Merged implements Cursor {
    private final List<Run> all = new ArrayList<>();
    private final PriorityQueue<Run> queue = new PriorityQueue<>(Run.ORDER);
    private Run current;

    Merged() throws IOException {
      int buffer =
          Math.max(SMALLEST_READ_BUFFER, Math.min(LARGEST_READ_BUFFER, memory / runs.size()));
      for (Path path : runs) {
        Run run = new Run(path, buffer);
        all.add(run);
        if (run.next()) {
          queue.add(run);
        }
      }
    }

    @Override
    public boolean next() throws IOException {
      if (current != null && current.next()) {
        queue.add(current);
      }
      current = queue.poll();
      return current != null;
    }

    @Override
    public int key() {
      return current.key;
    }

    @Override
    public ByteBuffer record() {
      return ByteBuffer.wrap(current.bytes, 0, current.length).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() throws IOException {
      for (Run run : all) {
        run.close();
      }
    }
  }
}
