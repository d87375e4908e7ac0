package dev.kiln.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostBufferTest {
  private static final long MIB = 1 << 20;

  @Test
  void isZeroedAndKeepsWrittenBytes() {
    try (HostBuffer buffer = HostBuffer.allocate("test", 1000)) {
      ByteBuffer all = buffer.slice(0, 1000);
      while (all.hasRemaining()) {
        assertThat(all.get()).isZero();
      }

      buffer.slice(996, 4).putFloat(1.5f);

      assertThat(buffer.slice(990, 10).getFloat(6)).isEqualTo(1.5f);
      assertThat(buffer.slice(990, 10).position()).isZero();
      assertThat(buffer.slice(990, 10).capacity()).isEqualTo(10);
      assertThat(buffer.slice(0, 8).order()).isEqualTo(ByteOrder.nativeOrder());
      assertThat(buffer.pointer().position(999).get()).isEqualTo(all.get(999));
      assertThat(buffer.size()).isEqualTo(1000);
    }
  }

  @Test
  void closeIsIdempotent() {
    HostBuffer buffer = HostBuffer.allocate("test", 8);

    buffer.close();
    buffer.close();

    assertThat(buffer.size()).isEqualTo(8);
  }

  @Test
  void rejectsUseAfterClose() {
    HostBuffer buffer = HostBuffer.allocate("fetched scene", 8);
    buffer.close();

    for (ThrowingCallable use :
        new ThrowingCallable[] {buffer::pointer, buffer::address, () -> buffer.slice(0, 1)}) {
      assertThatThrownBy(use)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("fetched scene: used after close");
    }
  }

  @ParameterizedTest
  @CsvSource({"-1, 4", "0, -1", "97, 4", "101, 0", "0, 101", "9223372036854775807, 2"})
  void rejectsRangesOutsideTheBuffer(long offset, int length) {
    try (HostBuffer buffer = HostBuffer.allocate("strip", 100)) {
      assertThatThrownBy(() -> buffer.slice(offset, length))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessage("strip: bytes " + offset + "+" + length + " of 100");
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 100})
  void returnsEmptyRanges(long offset) {
    try (HostBuffer buffer = HostBuffer.allocate("strip", 100)) {
      assertThat(buffer.slice(offset, 0).capacity()).isZero();
    }
  }

  @Test
  void returnsPointersWithIndependentPositions() {
    try (HostBuffer buffer = HostBuffer.allocate("strip", 100)) {
      buffer.pointer().position(50).put((byte) 7);

      assertThat(buffer.pointer().position()).isZero();
      assertThat(buffer.pointer().limit()).isEqualTo(100);
      assertThat(buffer.pointer().address()).isEqualTo(buffer.address());
      assertThat(buffer.slice(50, 1).get()).isEqualTo((byte) 7);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1})
  void rejectsSizesBelowOne(long size) {
    assertThatThrownBy(() -> HostBuffer.allocate("strip", size))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("strip: expected a size of at least 1 byte, found " + size);
  }

  @Test
  void reportsThePurposeOfAFailedAllocation() {
    assertThatThrownBy(() -> HostBuffer.allocate("strip of naip", 1L << 60))
        .isInstanceOf(OutOfMemoryError.class)
        .hasMessage("strip of naip: cannot allocate " + (1L << 60) + " bytes of host memory");
  }

  @Test
  void usesOnlyTouchedPages() throws IOException {
    long size = 8L << 30;
    long before = residentBytes();
    try (HostBuffer buffer = HostBuffer.allocate("fetched scene", size)) {
      buffer.slice(5L << 30, 8).putLong(42);

      assertThat(buffer.slice(5L << 30, 8).getLong()).isEqualTo(42);
      assertThat(buffer.slice(size - 8, 8).getLong()).isZero();
      assertThat(residentBytes() - before).isLessThan(64 * MIB);
    } catch (OutOfMemoryError error) {
      abort("this machine promises no 8 GiB of address space: " + error.getMessage());
    }
  }

  @Test
  void disablesJavaCppsLimit() {
    HostBuffer.allocate("test", 1).close();

    assertThat(Pointer.maxBytes()).isZero();
    assertThat(Pointer.maxPhysicalBytes()).isZero();
  }

  private static long residentBytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    assumeTrue(Files.exists(status), "resident memory is read from /proc");
    try (var lines = Files.lines(status)) {
      String resident = lines.filter(line -> line.startsWith("VmRSS:")).findFirst().orElseThrow();
      return Long.parseLong(resident.replaceAll("\\D", "")) * 1024;
    }
  }
}
