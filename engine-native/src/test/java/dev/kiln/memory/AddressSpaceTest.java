package dev.kiln.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class AddressSpaceTest {
  private static long residentBytes() throws Exception {
    String[] fields = Files.readString(Path.of("/proc/self/statm")).split(" ");
    return Long.parseLong(fields[1]) * 4096;
  }

  @Test
  void hugePagesStartAtTheirMultiplesAndReadAsZeros() {
    long size = (5L << 20) + 3;
    try (HostBuffer buffer = HostBuffer.allocateHugePages("test", size)) {
      assertThat(buffer.address() % AddressSpace.ALIGNMENT).isZero();
      assertThat(buffer.size()).isEqualTo(size);
      assertThat(buffer.slice(size - 3, 3).get(2)).isZero();
      buffer.slice(size - 1, 1).put((byte) 7);
      assertThat(buffer.slice(size - 1, 1).get()).isEqualTo((byte) 7);
    }
  }

  @Test
  void isLargerThanAnyMachineAndTakesMemoryOnlyWhereItIsWritten() throws Exception {
    long before = residentBytes();
    try (HostBuffer buffer = HostBuffer.reserve("test", 1L << 40)) {
      buffer.slice((1L << 40) - 8, 8).putLong(0, 42);
      assertThat(buffer.slice((1L << 40) - 8, 8).getLong(0)).isEqualTo(42);
      assertThat(buffer.slice(1L << 39, 8).getLong(0)).isZero();
      assertThat(residentBytes() - before).isLessThan(64 << 20);
    }
  }

  @Test
  void discardedPagesReadAsZerosAndTakeNoMemory() throws Exception {
    int size = 64 << 20;
    try (HostBuffer buffer = HostBuffer.reserve("test", size)) {
      byte[] ones = new byte[size];
      java.util.Arrays.fill(ones, (byte) 1);
      buffer.slice(0, size).put(ones);
      long full = residentBytes();
      buffer.discard(new ByteRange(100, size - 200));
      assertThat(full - residentBytes()).isGreaterThan(48 << 20);
      assertThat(buffer.slice(99, 1).get(0)).as("before the range").isEqualTo((byte) 1);
      assertThat(buffer.slice(100, 1).get(0)).as("on a page that stays").isEqualTo((byte) 1);
      assertThat(buffer.slice(size / 2, 1).get(0)).isZero();
      assertThat(buffer.slice(size - 1, 1).get(0)).isEqualTo((byte) 1);
      assertThatThrownBy(() -> buffer.discard(new ByteRange(0, size + 1)))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void isGoneAfterClose() {
    HostBuffer buffer = HostBuffer.reserve("test", 4096);
    buffer.close();
    buffer.close();
    assertThatThrownBy(() -> buffer.slice(0, 1)).isInstanceOf(IllegalStateException.class);
  }
}
