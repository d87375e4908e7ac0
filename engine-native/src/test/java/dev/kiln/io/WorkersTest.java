package dev.kiln.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class WorkersTest {
  private static final List<Integer> HUNDRED = IntStream.range(0, 100).boxed().toList();

  @Test
  void performsATaskForEveryItemOnNamedDaemonThreads() throws Exception {
    Set<Integer> seen = ConcurrentHashMap.newKeySet();
    Set<String> names = ConcurrentHashMap.newKeySet();
    AtomicInteger atOnce = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();

    try (Workers workers = new Workers("test", 3)) {
      workers.forEach(
          HUNDRED,
          item -> {
            most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
            assertThat(seen.add(item)).isTrue();
            assertThat(Thread.currentThread().isDaemon()).isTrue();
            names.add(Thread.currentThread().getName());
            Thread.sleep(1);
            atOnce.decrementAndGet();
          });
    }

    assertThat(seen).containsExactlyInAnyOrderElementsOf(HUNDRED);
    assertThat(names).isSubsetOf("test-1", "test-2", "test-3");
    assertThat(most.get()).isBetween(1, 3);
  }

  @Test
  void theFirstErrorInterruptsTheOtherTasksAndIsThrownWhenTheyHaveEnded() {
    CountDownLatch waiting = new CountDownLatch(2);
    AtomicInteger started = new AtomicInteger();
    AtomicInteger ended = new AtomicInteger();

    try (Workers workers = new Workers("test", 3)) {
      assertThatThrownBy(
              () ->
                  workers.forEach(
                      HUNDRED,
                      item -> {
                        started.incrementAndGet();
                        if (item == 2) {
                          waiting.await();
                          throw new IOException("the cause");
                        }
                        waiting.countDown();
                        try {
                          Thread.sleep(60_000);
                        } finally {
                          ended.incrementAndGet();
                        }
                      }))
          .isInstanceOf(IOException.class)
          .hasMessage("the cause");
    }

    assertThat(started.get()).isEqualTo(3);
    assertThat(ended.get()).isEqualTo(2);
  }

  @Test
  void anErrorLeavesNoInterruptionToTheNextGroup() throws Exception {
    try (Workers workers = new Workers("test", 2)) {
      for (int round = 0; round < 50; round++) {
        assertThatThrownBy(
                () ->
                    workers.forEach(
                        HUNDRED,
                        item -> {
                          if (item == 1) {
                            throw new IllegalStateException("odd");
                          }
                          Thread.onSpinWait();
                        }))
            .isInstanceOf(IllegalStateException.class);
        AtomicInteger interrupted = new AtomicInteger();
        workers.forEach(
            HUNDRED, item -> interrupted.addAndGet(Thread.currentThread().isInterrupted() ? 1 : 0));
        assertThat(interrupted.get()).isZero();
      }
    }
  }

  @Test
  void anInterruptedCallerInterruptsTheTasks() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    AtomicBoolean ended = new AtomicBoolean();
    AtomicBoolean thrown = new AtomicBoolean();
    try (Workers workers = new Workers("test", 1)) {
      Thread caller =
          new Thread(
              () -> {
                Workers.Group group = workers.group();
                try {
                  group.start(
                      () -> {
                        running.countDown();
                        try {
                          Thread.sleep(60_000);
                        } finally {
                          ended.set(true);
                        }
                      });
                  group.finish();
                } catch (InterruptedException e) {
                  thrown.set(true);
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
      caller.start();
      running.await();
      caller.interrupt();
      caller.join();
    }

    assertThat(thrown).isTrue();
    assertThat(ended).isTrue();
  }

  @Test
  void aTaskOfTheCallerEndsWithTheGroup() {
    try (Workers workers = new Workers("test", 1)) {
      Workers.Group group = workers.group();
      CountDownLatch running = new CountDownLatch(1);

      assertThatThrownBy(
              () -> {
                group.start(
                    () -> {
                      running.await();
                      throw new IOException("of the worker");
                    });
                group.run(
                    () -> {
                      running.countDown();
                      Thread.sleep(60_000);
                    });
                group.finish();
              })
          .hasMessage("of the worker");
      assertThat(group.failed()).isTrue();
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
  }

  @Test
  void closingEndsTasksAndThoseThatWait() throws Exception {
    Workers workers = new Workers("test", 1);
    CountDownLatch running = new CountDownLatch(1);
    Workers.Group first = workers.group();
    first.start(
        () -> {
          running.countDown();
          Thread.sleep(60_000);
        });
    Workers.Group second = workers.group();
    second.start(() -> {});
    running.await();

    workers.close();

    assertThatThrownBy(first::finish).isInstanceOf(InterruptedException.class);
    assertThatThrownBy(second::finish).isInstanceOf(InterruptedException.class);
    assertThatThrownBy(() -> workers.group().start(() -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the workers are closed");
  }
}
