package dev.kiln.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BufferPoolTest {
  @Test
  void reusesMemory() {
    try (BufferPool pool = new BufferPool()) {
      HostBuffer first = pool.take("strip", 1000);
      long address = first.address();
      first.slice(0, 8).putLong(0, 42);
      first.close();

      HostBuffer second = pool.take("strip", 900);
      assertThat(second.address()).isEqualTo(address);
      assertThat(second.size()).isEqualTo(900);
      assertThat(second.slice(0, 8).getLong(0)).isEqualTo(42);
      assertThatThrownBy(() -> second.slice(0, 901)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThat(pool.idleBytes()).isZero();
      second.close();
      assertThat(pool.idleBytes()).isEqualTo(1000);
    }
  }

  @Test
  void lendsABlockOnceAndTakesItBackOnce() {
    try (BufferPool pool = new BufferPool()) {
      HostBuffer one = pool.take("strip", 100);
      HostBuffer two = pool.take("strip", 100);
      assertThat(one.address()).isNotEqualTo(two.address());
      one.close();
      one.close();
      assertThat(pool.idleBytes()).isEqualTo(100);
      assertThatThrownBy(one::address)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("strip: used after close");
      HostBuffer three = pool.take("strip", 100);
      HostBuffer four = pool.take("strip", 100);
      assertThat(three.address()).isNotEqualTo(four.address());
      two.close();
      three.close();
      four.close();
    }
  }

  @Test
  void takesTheSmallestThatFitsAndFreesBlocksThatAreTooSmall() {
    try (BufferPool pool = new BufferPool()) {
      HostBuffer small = pool.take("strip", 100);
      HostBuffer large = pool.take("strip", 300);
      HostBuffer middle = pool.take("strip", 200);
      long middling = middle.address();
      small.close();
      large.close();
      middle.close();

      HostBuffer fitting = pool.take("strip", 150);
      assertThat(fitting.address()).isEqualTo(middling);
      assertThat(pool.idleBytes()).isEqualTo(400);
      HostBuffer larger = pool.take("strip", 301);
      assertThat(pool.idleBytes()).as("the 300 gave way").isEqualTo(100);
      fitting.close();
      larger.close();
      assertThat(pool.idleBytes()).isEqualTo(100 + 200 + 301);
    }
  }

  @Test
  void freesBlocksReturnedAfterClose() {
    BufferPool pool = new BufferPool();
    HostBuffer late = pool.take("strip", 100);
    pool.take("strip", 50).close();

    pool.close();
    pool.close();
    late.slice(0, 100).put(99, (byte) 1);
    late.close();

    assertThat(pool.idleBytes()).isZero();
  }

  @Test
  void rejectsASizeOfZero() {
    try (BufferPool pool = new BufferPool()) {
      assertThatThrownBy(() -> pool.take("strip", 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("strip: expected a size of at least 1 byte, found 0");
    }
  }
}
