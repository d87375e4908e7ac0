package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A heartbeat is written while a run goes on, and never after its end. */
@Timeout(30)
class HeartbeatTest {
  @Test
  void writesTheLatestSnapshotUntilItIsClosed() throws Exception {
    CountDownLatch three = new CountDownLatch(3);
    AtomicInteger writes = new AtomicInteger();
    try (Heartbeat heartbeat =
        new Heartbeat(
            Duration.ofMillis(5),
            snapshot -> {
              assertThat(snapshot).isNull();
              writes.incrementAndGet();
              three.countDown();
            })) {
      heartbeat.tick(() -> null);
      assertThat(three.await(10, TimeUnit.SECONDS)).isTrue();
    }
    int atClose = writes.get();
    Thread.sleep(50);
    assertThat(writes.get()).isEqualTo(atClose);
  }

  @Test
  void failedWriteDoesNotEndTheHeartbeat() throws Exception {
    CountDownLatch three = new CountDownLatch(3);
    try (Heartbeat heartbeat =
        new Heartbeat(
            Duration.ofMillis(5),
            snapshot -> {
              three.countDown();
              throw new IllegalStateException("store closed");
            })) {
      heartbeat.tick(() -> null);
      assertThat(three.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void closeWaitsForAWriteInProgress() throws Exception {
    CountDownLatch writing = new CountDownLatch(1);
    AtomicInteger written = new AtomicInteger();
    try (Heartbeat heartbeat =
        new Heartbeat(
            Duration.ofMillis(5),
            snapshot -> {
              writing.countDown();
              try {
                Thread.sleep(100);
                written.incrementAndGet();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            })) {
      heartbeat.tick(() -> null);
      assertThat(writing.await(10, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(written.get()).isPositive();
    int atClose = written.get();
    Thread.sleep(150);
    assertThat(written.get()).isEqualTo(atClose);
  }

  @Test
  void closeEndsAWriteThatHangs() throws Exception {
    CountDownLatch writing = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    try (Heartbeat heartbeat =
        new Heartbeat(
            Duration.ofMillis(5),
            Duration.ofMillis(50),
            snapshot -> {
              writing.countDown();
              try {
                Thread.sleep(20_000);
              } catch (InterruptedException e) {
                interrupted.countDown();
              }
            })) {
      heartbeat.tick(() -> null);
      assertThat(writing.await(10, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
  }
}
