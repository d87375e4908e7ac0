package dev.kiln.pipeline;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads of a run: stages joined by {@link BoundedQueue}s. When the last thread of a stage
 * ends, the lane it feeds is closed, so the end of the input travels down the chain. When any
 * thread fails, all are interrupted and the first failure is kept.
 */
public final class Pipeline {
  /** What each thread of a stage does from its first item to its last. */
  public interface Work {
    void run(Stage stage) throws Exception;
  }

  private final List<Stage> stages = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private Throwable failure;

  /**
   * Adds a stage; its threads start with {@link #start}.
   *
   * @param output closed when the last thread ends; null for the last stage
   */
  public Pipeline stage(String name, int count, Work work, BoundedQueue<?> output) {
    Stage stage = new Stage(name, count);
    stages.add(stage);
    AtomicInteger running = new AtomicInteger(count);
    for (int i = 0; i < count; i++) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  stage.live(work);
                } catch (Throwable e) {
                  fail(e);
                } finally {
                  if (running.decrementAndGet() == 0 && output != null) {
                    output.close();
                  }
                }
              },
              count == 1 ? name : name + "-" + i);
      // A thread stuck in native code must not keep the process from ending.
      thread.setDaemon(true);
      threads.add(thread);
    }
    return this;
  }

  public List<Stage> stages() {
    return List.copyOf(stages);
  }

  public void start() {
    threads.forEach(Thread::start);
  }

  /** Ends the run with this failure unless another came first. */
  public synchronized void fail(Throwable cause) {
    if (failure == null) {
      failure = cause;
      threads.forEach(Thread::interrupt);
    }
  }

  /** The first failure, or null. */
  public synchronized Throwable failure() {
    return failure;
  }

  /** Waits a moment for the threads; true once all have ended. */
  public boolean ended(Duration wait) throws InterruptedException {
    long deadline = System.nanoTime() + wait.toNanos();
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

  /** Where each living thread stands, for the log. */
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
