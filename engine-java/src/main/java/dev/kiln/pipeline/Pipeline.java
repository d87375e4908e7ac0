package dev.kiln.pipeline;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stages that run concurrently, joined by {@link BoundedQueue}s:
 *
 * <pre>{@code
 * Pipeline pipeline =
 *     Pipeline.from("fetch", 2, this::fetch)
 *         .through(fetched)
 *         .stage("decode", 1, this::decode)
 *         .through(strips)
 *         .to("write", 4, this::write);
 * }</pre>
 *
 * <p>When the last thread of a stage ends, the queue it feeds is closed, so the end of the input
 * travels down the pipeline. When any thread fails, all are interrupted and the first failure is
 * kept.
 */
public final class Pipeline {
  private final List<Stage> stages = new ArrayList<>();
  private final List<BoundedQueue<?>> queues = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private Throwable failure;

  private Pipeline() {}

  /**
   * Where a stage puts its results.
   *
   * @param <O> type of a result
   */
  public interface Output<O> {
    /** Hands a result to the next stage, waiting while the queue between them is full. */
    void put(O result) throws InterruptedException;
  }

  /**
   * The first stage: produces items until there are no more.
   *
   * @param <O> type of an item
   */
  public interface Source<O> {
    /** Produces items; called once per thread. */
    void run(Stage stage, Output<O> output) throws Exception;
  }

  /**
   * A stage in the middle.
   *
   * @param <I> type of its input
   * @param <O> type of its output
   */
  public interface Step<I, O> {
    /** Works on one item and puts any number of results. */
    void apply(Stage stage, I item, Output<O> output) throws Exception;

    /** Puts the results that are left when the input has ended; called once per thread. */
    default void finish(Stage stage, Output<O> output) throws Exception {}
  }

  /**
   * The last stage.
   *
   * @param <I> type of its input
   */
  public interface Sink<I> {
    /** Works on one item. */
    void accept(Stage stage, I item) throws Exception;
  }

  /** The body of one thread of a stage. */
  interface Body {
    void run(Stage stage) throws Exception;
  }

  /**
   * A pipeline under construction whose last stage has no output queue yet.
   *
   * @param <O> type of that stage's results
   */
  public final class Open<O> {
    private final String name;
    private final int count;
    private final OutputBody<O> body;

    private Open(String name, int count, OutputBody<O> body) {
      this.name = name;
      this.count = count;
      this.body = body;
    }

    /** Puts the results of the last stage into a queue. */
    public Fed<O> through(BoundedQueue<O> queue) {
      add(name, count, stage -> body.run(stage, item -> stage.put(queue, item)), queue::close);
      queues.add(queue);
      return new Fed<>(queue);
    }
  }

  /**
   * A pipeline under construction whose last queue has no consumer yet.
   *
   * @param <I> type of the items in that queue
   */
  public final class Fed<I> {
    private final BoundedQueue<I> queue;

    private Fed(BoundedQueue<I> queue) {
      this.queue = queue;
    }

    /**
     * Adds a stage that consumes the queue.
     *
     * @param name in threads, traces, logs and reports
     * @param count threads that run it
     * @param <O> type of its results
     */
    public <O> Open<O> stage(String name, int count, Step<I, O> step) {
      return new Open<>(
          name,
          count,
          (stage, output) -> {
            for (Optional<I> item = stage.take(queue); item.isPresent(); item = stage.take(queue)) {
              step.apply(stage, item.get(), output);
            }
            step.finish(stage, output);
          });
    }

    /**
     * Adds the last stage.
     *
     * @param name in threads, traces, logs and reports
     * @param count threads that run it
     * @return the pipeline, ready to start
     */
    public Pipeline to(String name, int count, Sink<I> sink) {
      add(
          name,
          count,
          stage -> {
            for (Optional<I> item = stage.take(queue); item.isPresent(); item = stage.take(queue)) {
              sink.accept(stage, item.get());
            }
          },
          () -> {});
      return Pipeline.this;
    }
  }

  private interface OutputBody<O> {
    void run(Stage stage, Output<O> output) throws Exception;
  }

  /**
   * Begins a pipeline with its first stage.
   *
   * @param name in threads, traces, logs and reports
   * @param count threads that run it
   * @param <O> type of the items that it produces
   */
  public static <O> Open<O> from(String name, int count, Source<O> source) {
    return new Pipeline().new Open<>(name, count, source::run);
  }

  private void add(String name, int count, Body body, Runnable atEnd) {
    Stage stage = new Stage(name, count);
    stages.add(stage);
    AtomicInteger running = new AtomicInteger(count);
    for (int i = 0; i < count; i++) {
      Runnable life =
          () -> {
            try {
              stage.live(body);
            } catch (Throwable e) {
              fail(e);
            } finally {
              if (running.decrementAndGet() == 0) {
                atEnd.run();
              }
            }
          };
      Thread thread = new Thread(life, count == 1 ? name : name + "-" + i);
      // A thread that is stuck in native code must not keep the process from exiting.
      thread.setDaemon(true);
      threads.add(thread);
    }
  }

  /** Returns what each stage has done so far, first stage first. */
  public List<Stage.Times> times() {
    return stages.stream().map(Stage::times).toList();
  }

  /** Returns how full each queue is, first queue first. */
  public List<BoundedQueue.Fill> fills() {
    return queues.stream().<BoundedQueue.Fill>map(BoundedQueue::fill).toList();
  }

  /** Starts all threads; call once. */
  public void start() {
    threads.forEach(Thread::start);
  }

  /** Ends the pipeline with this failure unless another came first. */
  public synchronized void fail(Throwable cause) {
    if (failure == null) {
      failure = cause;
      threads.forEach(Thread::interrupt);
    }
  }

  /** Returns the first failure. */
  public synchronized Optional<Throwable> failure() {
    return Optional.ofNullable(failure);
  }

  /**
   * Waits for the threads.
   *
   * @param timeout longest wait
   * @return true once all threads have ended
   */
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    for (Thread thread : threads) {
      long left = deadline - System.nanoTime();
      if (left > 0) {
        thread.join(Math.max(1, left / 1_000_000));
      }
      if (thread.isAlive()) {
        return false;
      }
    }
    return true;
  }

  /** Closes all queues and the items that are left in them, after a pipeline that was aborted. */
  public void abandon() {
    queues.forEach(BoundedQueue::abandon);
  }

  /** Returns the stack of each living thread, for the log. */
  public String stacks() {
    StringBuilder text = new StringBuilder();
    for (Thread thread : threads) {
      if (thread.isAlive()) {
        text.append(thread.getName()).append(" (").append(thread.getState()).append(")\n");
        for (StackTraceElement frame : thread.getStackTrace()) {
          text.append("    at ").append(frame).append('\n');
        }
      }
    }
    return text.toString();
  }
}
