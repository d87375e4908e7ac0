package dev.kiln.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class HostBufferTest {

  @Test
  void aSliceCountsFromItsOwnFirstByte() {
    try (HostBuffer buffer = HostBuffer.allocate("test", 100)) {
      ByteBuffer slice = buffer.slice(40, 5);
      slice.put(2, (byte) 7);

      assertThat(slice.position()).isZero();
      assertThat(slice.limit()).isEqualTo(5);
      assertThat(buffer.pointer().get(42)).isEqualTo((byte) 7);
    }
  }

  @Test
  void slicesReachBeyondTwoGigabytes() {
    long far = 3L << 30;
    try (HostBuffer buffer = HostBuffer.allocate("test", far + 10)) {
      buffer.slice(far, 10).put((byte) 1).put(9, (byte) 2);

      assertThat(buffer.pointer().get(far)).isEqualTo((byte) 1);
      assertThat(buffer.pointer().get(far + 9)).isEqualTo((byte) 2);
    }
  }

  @Test
  void anEmptySliceAtTheEndIsAllowedAndOneBeyondIsNot() {
    try (HostBuffer buffer = HostBuffer.allocate("test", 10)) {
      assertThat(buffer.slice(10, 0).remaining()).isZero();
      assertThatThrownBy(() -> buffer.slice(6, 5)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> buffer.slice(-1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void closesTwiceAndRefusesUseAfterwards() {
    HostBuffer buffer = HostBuffer.allocate("test", 10);
    buffer.close();
    buffer.close();

    assertThatThrownBy(() -> buffer.slice(0, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("used after close");
  }
}
