package dev.kiln.io;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Named daemon threads that perform tasks in groups. The first error of a group interrupts its
 * other tasks, and is thrown to the caller when these have ended. Idle threads end after a while.
 *
 * <p>Safe for use by several threads, each with its own group.
 */
public final class Workers implements AutoCloseable {
  private static final long IDLE_SECONDS = 5;

  /** After an error, tasks that ignore their interruption are given up after this time. */
  private static final long END_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final int threads;
  private final ThreadPoolExecutor pool;

  /** A task. */
  @FunctionalInterface
  public interface Task {
    /**
     * Performs the task.
     *
     * @throws IOException ends the group
     * @throws InterruptedException if the thread is interrupted
     */
    void run() throws IOException, InterruptedException;
  }

  /**
   * A task that is performed for several items.
   *
   * @param <T> type of the items
   */
  @FunctionalInterface
  public interface ItemTask<T> {
    /**
     * Performs the task for one item.
     *
     * @param item one of the items
     * @throws IOException ends the group
     * @throws InterruptedException if the thread is interrupted
     */
    void accept(T item) throws IOException, InterruptedException;
  }

  /**
   * Creates workers; threads start when there are tasks.
   *
   * @param name of the threads, which a number follows
   * @param threads number of tasks that are performed at once, at least 1
   */
  public Workers(String name, int threads) {
    this.threads = threads;
    this.pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            daemons(name));
    pool.allowCoreThreadTimeOut(true);
  }

  /**
   * Returns a factory of daemon threads, which do not keep the JVM from exiting.
   *
   * @param name of the threads, which a number follows
   */
  public static ThreadFactory daemons(String name) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  /** Returns a group without tasks. */
  public Group group() {
    return new Group();
  }

  /**
   * Performs a task for every item, in any order, and waits for the end of all.
   *
   * @param <T> type of the items
   * @param items of which each is taken once
   * @param task is performed for each item
   * @throws IOException the first error of a task
   * @throws InterruptedException if the calling thread is interrupted
   */
  public <T> void forEach(Iterable<T> items, ItemTask<T> task)
      throws IOException, InterruptedException {
    Group group = group();
    for (T item : items) {
      group.start(() -> task.accept(item));
    }
    group.finish();
  }

  /** Interrupts all tasks and does not wait for them. Idempotent. */
  @Override
  public void close() {
    for (Runnable waiting : pool.shutdownNow()) {
      ((Started) waiting).abandon();
    }
  }

  /** A task of a group that waits for a thread or has one. */
  private record Started(Group group, Task task) implements Runnable {
    @Override
    public void run() {
      group.perform(task);
    }

    void abandon() {
      group.fail(new InterruptedException("the workers were closed"));
      group.end();
    }
  }

  /** Tasks that belong together. Tasks are started by one thread. */
  public final class Group {
    private final Set<Thread> running = new HashSet<>();
    private int open;
    private Throwable failure;
    private long failedAt;

    private Group() {}

    /**
     * Starts a task, as soon as fewer tasks of the group than there are threads have not ended.
     *
     * @param task to perform on another thread
     * @throws IOException the error of an earlier task; all tasks have ended then
     * @throws InterruptedException if the calling thread is interrupted
     */
    public void start(Task task) throws IOException, InterruptedException {
      if (!enter(threads)) {
        finish();
      }
      try {
        pool.execute(new Started(this, task));
      } catch (RejectedExecutionException e) {
        end();
        throw new IllegalStateException("the workers are closed", e);
      }
    }

    /**
     * Performs a task of the group on the calling thread. Its error, too, is thrown by {@link
     * #finish}.
     *
     * @param task to perform
     */
    public void run(Task task) {
      if (enter(Integer.MAX_VALUE)) {
        perform(task);
      }
    }

    /** Returns whether a task has failed, so that others need not go on. */
    public synchronized boolean failed() {
      return failure != null;
    }

    /**
     * Waits for the end of all tasks.
     *
     * @throws IOException the first error of a task
     * @throws InterruptedException if the calling thread is interrupted
     */
    public void finish() throws IOException, InterruptedException {
      Throwable first = awaitEnd();
      if (first instanceof IOException e) {
        throw e;
      }
      if (first instanceof InterruptedException e) {
        throw e;
      }
      if (first instanceof RuntimeException e) {
        throw e;
      }
      if (first instanceof Error e) {
        throw e;
      }
    }

    /** Waits until there is room for a task; returns false if the group has failed. */
    private synchronized boolean enter(int most) {
      try {
        while (open >= most && failure == null) {
          wait();
        }
      } catch (InterruptedException e) {
        fail(e);
      }
      if (failure != null) {
        return false;
      }
      open++;
      return true;
    }

    private void perform(Task task) {
      Thread thread = Thread.currentThread();
      synchronized (this) {
        if (failure != null) {
          end();
          return;
        }
        running.add(thread);
      }
      try {
        task.run();
      } catch (Throwable e) {
        fail(e);
      }
      synchronized (this) {
        running.remove(thread);
        if (failure != null) {
          // The interruption was for this task and not for what the thread does next.
          Thread.interrupted();
        }
        end();
      }
    }

    private synchronized void end() {
      open--;
      notifyAll();
    }

    private synchronized void fail(Throwable e) {
      if (failure == null) {
        failure = e;
        failedAt = System.nanoTime();
        running.stream().filter(t -> t != Thread.currentThread()).forEach(Thread::interrupt);
        notifyAll();
      }
    }

    private synchronized Throwable awaitEnd() {
      boolean interrupted = false;
      while (open > 0) {
        try {
          if (failure == null) {
            wait();
            continue;
          }
          long left = failedAt + END_NANOS - System.nanoTime();
          if (left <= 0) {
            failure.addSuppressed(
                new IllegalStateException("%d tasks ignore their interruption".formatted(open)));
            break;
          }
          TimeUnit.NANOSECONDS.timedWait(this, left);
        } catch (InterruptedException e) {
          interrupted = failure != null;
          fail(e);
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      return failure;
    }
  }
}
