package dev.kiln.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PagePoolTest {
  private static final int CHUNK = (int) PagePool.CHUNK_BYTES;

  private static HostBuffer buffer(int chunks) {
    return HostBuffer.reserve("test", (long) chunks * CHUNK);
  }

  private static void write(HostBuffer buffer, ByteRange range, int value) {
    byte[] bytes = new byte[(int) range.length()];
    Arrays.fill(bytes, (byte) value);
    buffer.slice(range.offset(), bytes.length).put(bytes);
  }

  private static byte[] read(HostBuffer buffer, long offset, int length) {
    byte[] bytes = new byte[length];
    buffer.slice(offset, length).get(bytes);
    return bytes;
  }

  /** Returns whether all bytes have one value; AssertJ would need minutes. */
  private static boolean only(byte[] bytes, int value) {
    byte[] expected = new byte[bytes.length];
    Arrays.fill(expected, (byte) value);
    return Arrays.equals(bytes, expected);
  }

  /** Minor page faults of the process so far. */
  private static long faults() throws Exception {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[7]);
  }

  private static void assumeMoves(PagePool pool) {
    assumeTrue(pool.idleBytes() > 0, "this system cannot move pages (Linux 5.7 or newer can)");
  }

  @Test
  void givesThePagesOfOneBufferToTheNextWithoutPageFaults() throws Exception {
    ByteRange all = new ByteRange(0, 32L * CHUNK);
    try (PagePool pool = new PagePool(all.length());
        HostBuffer first = buffer(32);
        HostBuffer second = buffer(32)) {
      write(first, all, 1);
      pool.drain(first, all);
      assumeMoves(pool);
      assertThat(pool.idleBytes()).isEqualTo(all.length());
      assertThat(only(read(first, 0, 32 * CHUNK), 0)).as("drained").isTrue();

      pool.fill(second, all);
      assertThat(pool.idleBytes()).isZero();
      byte[] twos = new byte[CHUNK];
      Arrays.fill(twos, (byte) 2);
      second.slice(0, CHUNK).put(twos);
      long before = faults();
      for (int i = 1; i < 32; i++) {
        second.slice((long) i * CHUNK, CHUNK).put(twos);
      }
      // Fresh memory would take one per page of 4 KiB: 15,872.
      assertThat(faults() - before).isLessThan(5_000);
      for (int i = 0; i < 32; i++) {
        assertThat(read(second, (long) i * CHUNK, CHUNK)).isEqualTo(twos);
      }
    }
  }

  @Test
  void movesOnlyChunksThatAreWithinTheRange() {
    try (PagePool pool = new PagePool(8L * CHUNK);
        HostBuffer first = buffer(8);
        HostBuffer second = buffer(8)) {
      write(first, new ByteRange(0, 8L * CHUNK), 1);
      pool.drain(first, new ByteRange(100, 3L * CHUNK));
      assumeMoves(pool);
      assertThat(pool.idleBytes()).isEqualTo(2L * CHUNK);
      assertThat(only(read(first, 0, CHUNK), 1)).isTrue();
      assertThat(only(read(first, CHUNK, 2 * CHUNK), 0)).isTrue();
      assertThat(only(read(first, 3L * CHUNK, CHUNK), 1)).isTrue();

      pool.fill(second, new ByteRange(CHUNK - 1, CHUNK + 2L));
      assertThat(pool.idleBytes()).isEqualTo(CHUNK);
      assertThat(only(read(second, 0, CHUNK), 0)).as("not whole").isTrue();
      assertThat(only(read(second, CHUNK, CHUNK), 1)).as("whole").isTrue();
      assertThat(only(read(second, 2L * CHUNK, CHUNK), 0)).as("not whole").isTrue();
    }
  }

  @Test
  void keepsNoMoreThanItsLimitAndLessWhenTrimmed() {
    try (PagePool pool = new PagePool(3L * CHUNK + 1);
        HostBuffer buffer = buffer(8)) {
      ByteRange all = new ByteRange(0, 8L * CHUNK);
      write(buffer, all, 1);
      pool.drain(buffer, all);
      assumeMoves(pool);
      assertThat(pool.idleBytes()).isEqualTo(3L * CHUNK);
      pool.trim(2L * CHUNK - 1);
      assertThat(pool.idleBytes()).isEqualTo(CHUNK);
      write(buffer, all, 2);
      pool.drain(buffer, all);
      assertThat(pool.idleBytes()).isEqualTo(3L * CHUNK);
      pool.trim(-1);
      assertThat(pool.idleBytes()).isZero();
    }
  }

  @Test
  void pagesMoveOnAndBackManyTimes() {
    ByteRange all = new ByteRange(0, 4L * CHUNK);
    try (PagePool pool = new PagePool(all.length())) {
      for (int i = 1; i < 100; i++) {
        try (HostBuffer buffer = buffer(4)) {
          pool.fill(buffer, all);
          write(buffer, all, i);
          assertThat(only(read(buffer, 0, 4 * CHUNK), i)).isTrue();
          pool.drain(buffer, all);
        }
      }
    }
  }

  @Test
  void buffersOutliveThePool() {
    ByteRange all = new ByteRange(0, 2L * CHUNK);
    PagePool pool = new PagePool(all.length());
    try (HostBuffer first = buffer(2);
        HostBuffer second = buffer(2)) {
      write(first, all, 1);
      pool.drain(first, all);
      pool.fill(second, all);
      write(second, all, 2);
      pool.close();
      pool.close();
      assertThat(only(read(second, 0, 2 * CHUNK), 2)).isTrue();
      pool.drain(second, all);
      pool.fill(second, all);
      assertThat(only(read(second, 0, 2 * CHUNK), 2)).isTrue();
    }
  }

  @Test
  void aPoolWithoutRoomKeepsNothing() {
    try (PagePool pool = new PagePool(0);
        HostBuffer buffer = buffer(1)) {
      write(buffer, new ByteRange(0, CHUNK), 1);
      pool.drain(buffer, new ByteRange(0, CHUNK));
      assertThat(pool.idleBytes()).isZero();
      assertThat(only(read(buffer, 0, CHUNK), 1)).isTrue();
    }
  }
}
