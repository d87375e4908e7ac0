package dev.kiln.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StallWatchTest {
  private static final StallWatch.Timer REAL =
      (nanos, action) ->
          CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS).execute(action);

  @Test
  void onlyTransfersThatGoOnCanStall() throws Exception {
    CountDownLatch stalled = new CountDownLatch(1);
    CountDownLatch afterEnd = new CountDownLatch(1);
    StallWatch ended = new StallWatch(Duration.ofMillis(50), REAL);
    ended.start(afterEnd::countDown);
    ended.end();
    new StallWatch(Duration.ofMillis(50), REAL).start(stalled::countDown);
    assertThat(stalled.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(afterEnd.getCount()).isEqualTo(1);
  }

  /** Runs ticks when the test says so, as if the process had been suspended between them. */
  private static final class ManualTimer implements StallWatch.Timer {
    private Runnable next;
    private long nanos;

    @Override
    public void after(long delay, Runnable action) {
      nanos += delay;
      next = action;
    }

    void tick() {
      next.run();
    }
  }

  @Test
  void timeInWhichTheProcessIsSuspendedDoesNotCount() {
    ManualTimer timer = new ManualTimer();
    AtomicInteger stalls = new AtomicInteger();
    StallWatch watch = new StallWatch(Duration.ofSeconds(8), timer);
    watch.start(stalls::incrementAndGet);
    // However long each tick takes by the clock, bytes between ticks are progress.
    for (int i = 0; i < 100; i++) {
      watch.moved();
      timer.tick();
    }
    for (int i = 0; i < 7; i++) {
      timer.tick();
    }
    assertThat(stalls).hasValue(0);
    timer.nanos = 0;
    timer.tick();
    assertThat(stalls).hasValue(1);
    // No tick follows the stall.
    assertThat(timer.nanos).isZero();
  }

  @Test
  void ticksTogetherAreAsLongAsTheLimit() {
    ManualTimer timer = new ManualTimer();
    AtomicInteger stalls = new AtomicInteger();
    StallWatch watch = new StallWatch(Duration.ofSeconds(8), timer);
    watch.start(stalls::incrementAndGet);
    while (stalls.get() == 0) {
      timer.tick();
    }
    assertThat(Duration.ofNanos(timer.nanos)).isEqualTo(Duration.ofSeconds(8));
  }
}
