package dev.kiln.pipeline;

import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A bounded, named queue between two stages. Putting blocks while it is full, taking blocks while
 * it is empty. After {@link #close} the remaining items can be taken, then it is at its end.
 *
 * @param <T> type of the items; those that implement {@link Owner} are closed if no stage takes
 *     them
 */
public final class BoundedQueue<T> {
  private final String name;
  private final int capacity;
  private final ArrayDeque<T> items = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean closed;

  /** An item that owns native memory. */
  public interface Owner extends AutoCloseable {
    /** Frees the memory. */
    @Override
    void close();
  }

  /**
   * Items in a queue at one moment.
   *
   * @param queue name
   * @param items in it
   * @param capacity most items that it can hold
   */
  public record Fill(String queue, int items, int capacity) {}

  /**
   * Creates an empty queue.
   *
   * @param name in logs and reports
   * @param capacity most items that it holds
   */
  public BoundedQueue(String name, int capacity) {
    this.name = name;
    this.capacity = capacity;
  }

  /** Returns how full the queue is. */
  public Fill fill() {
    lock.lock();
    try {
      return new Fill(name, items.size(), capacity);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Adds an item, waiting while the queue is full.
   *
   * @throws IllegalStateException if the queue is closed
   */
  public void put(T item) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (items.size() >= capacity) {
        changed.await();
      }
      if (closed) {
        throw new IllegalStateException("queue " + name + " is closed");
      }
      items.add(item);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Removes the next item, waiting while the queue is empty; empty once it is closed as well. */
  public Optional<T> take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (items.isEmpty() && !closed) {
        changed.await();
      }
      Optional<T> item = Optional.ofNullable(items.poll());
      changed.signalAll();
      return item;
    } finally {
      lock.unlock();
    }
  }

  /** Marks the end: no item follows. */
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Closes the queue and the items in it, after a pipeline that was aborted. */
  public void abandon() {
    lock.lock();
    try {
      close();
      for (T item : items) {
        if (item instanceof Owner owner) {
          owner.close();
        }
      }
      items.clear();
    } finally {
      lock.unlock();
    }
  }
}
