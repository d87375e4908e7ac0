package dev.kiln.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.MachineException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PipelineTest {
  private final List<String> written = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicLong progress = new AtomicLong();

  /** Produces 1 to {@code last}, on any number of threads. */
  private Pipeline.Source<Integer> numbers(int last) {
    return (stage, output) -> {
      for (int n = next.incrementAndGet(); n <= last; n = next.incrementAndGet()) {
        int number = n;
        output.put(stage.work(n, () -> number));
      }
    };
  }

  private Monitor monitor(Pipeline pipeline, Duration stallLimit) {
    return new Monitor(pipeline, progress::get, stallLimit, () -> {});
  }

  /** Joins its input in pairs. */
  private static final class Pairs implements Pipeline.Step<Integer, List<Integer>> {
    private final List<Integer> open = new ArrayList<>();

    @Override
    public void apply(Stage stage, Integer item, Pipeline.Output<List<Integer>> output)
        throws InterruptedException {
      open.add(item);
      if (open.size() == 2) {
        output.put(List.copyOf(open));
        open.clear();
      }
      stage.done(1);
    }

    @Override
    public void finish(Stage stage, Pipeline.Output<List<Integer>> output)
        throws InterruptedException {
      if (!open.isEmpty()) {
        output.put(List.copyOf(open));
      }
    }
  }

  @Test
  void everyItemPassesEveryStageAndTheEndTravelsDown() throws Exception {
    Pipeline pipeline =
        Pipeline.from("count", 3, numbers(101))
            .through(new BoundedQueue<>("numbers", 2))
            .stage("pair", 1, new Pairs())
            .through(new BoundedQueue<>("pairs", 2))
            .to("write", 2, (stage, pair) -> pair.forEach(n -> written.add(n.toString())));
    assertThat(monitor(pipeline, Duration.ofSeconds(10)).run()).isEmpty();
    assertThat(written)
        .containsExactlyInAnyOrderElementsOf(
            IntStream.rangeClosed(1, 101).mapToObj(Integer::toString).toList());
    assertThat(pipeline.times())
        .extracting(Stage.Times::stage)
        .containsExactly("count", "pair", "write");
    assertThat(pipeline.times().get(0).items()).isEqualTo(101);
    assertThat(pipeline.times().get(1).items()).isEqualTo(101);
    assertThat(pipeline.fills())
        .containsExactly(
            new BoundedQueue.Fill("numbers", 0, 2), new BoundedQueue.Fill("pairs", 0, 2));
  }

  @Test
  void timesSeparateBusyFromWaitingAndBlocked() throws Exception {
    Pipeline pipeline =
        Pipeline.from("count", 1, numbers(10))
            .through(new BoundedQueue<>("numbers", 1))
            .to("write", 1, (stage, number) -> Thread.sleep(30));
    monitor(pipeline, Duration.ofSeconds(10)).run();
    Stage.Times source = pipeline.times().get(0);
    Stage.Times sink = pipeline.times().get(1);
    assertThat(sink.busy()).isGreaterThan(0.28);
    assertThat(source.blocked()).isGreaterThan(0.15);
    assertThat(source.busy()).isLessThan(source.blocked());
  }

  @Test
  void theFirstFailureInterruptsAllStagesAndIsReported() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    CountDownLatch five = new CountDownLatch(5);
    Set<Integer> closed = ConcurrentHashMap.newKeySet();
    Pipeline pipeline =
        Pipeline.<BoundedQueue.Owner>from(
                "count",
                1,
                (stage, output) -> {
                  try {
                    for (int n = 0; ; n++) {
                      int number = n;
                      five.countDown();
                      output.put(() -> closed.add(number));
                    }
                  } catch (InterruptedException e) {
                    interrupted.countDown();
                    throw e;
                  }
                })
            .through(new BoundedQueue<>("owners", 3))
            .to(
                "write",
                1,
                (stage, owner) -> {
                  five.await();
                  throw new IllegalStateException("disk on fire");
                });
    Optional<Throwable> failure = monitor(pipeline, Duration.ofSeconds(10)).run();
    interrupted.await();
    assertThat(failure.orElseThrow()).hasMessage("disk on fire");
    pipeline.abandon();
    // The sink took 0, the queue held 1 to 3, and 4 could not be put.
    assertThat(closed).containsExactlyInAnyOrder(1, 2, 3, 4);
  }

  @Test
  void aPipelineWithoutProgressIsEndedAsAMachineError() throws Exception {
    Pipeline pipeline =
        Pipeline.from("count", 1, numbers(2))
            .through(new BoundedQueue<>("numbers", 1))
            .to("write", 1, (stage, number) -> Thread.sleep(60_000));
    Optional<Throwable> failure = monitor(pipeline, Duration.ofSeconds(1)).run();
    assertThat(failure.orElseThrow())
        .isInstanceOf(MachineException.class)
        .hasMessage("no progress for 1 s");
  }

  @Test
  void progressResetsTheStallLimit() throws Exception {
    Pipeline pipeline =
        Pipeline.from("count", 1, numbers(8))
            .through(new BoundedQueue<>("numbers", 1))
            .to(
                "write",
                1,
                (stage, number) -> {
                  Thread.sleep(300);
                  progress.incrementAndGet();
                });
    assertThat(monitor(pipeline, Duration.ofSeconds(2)).run()).isEmpty();
  }

  @Test
  void stopEndsTheSourceAndLetsTheRestFinish() throws Exception {
    Monitor[] monitor = new Monitor[1];
    Pipeline pipeline =
        Pipeline.<Integer>from(
                "count",
                1,
                (stage, output) -> {
                  for (int n = 0; !monitor[0].stopping(); n++) {
                    output.put(n);
                  }
                })
            .through(new BoundedQueue<>("numbers", 4))
            .to(
                "write",
                1,
                (stage, number) -> {
                  if (number == 3) {
                    monitor[0].stop();
                  }
                  written.add(number.toString());
                });
    monitor[0] = monitor(pipeline, Duration.ofSeconds(10));
    assertThat(monitor[0].run()).isEmpty();
    assertThat(written).contains("3", "4");
    assertThat(pipeline.fills().get(0).items()).isZero();
  }
}
