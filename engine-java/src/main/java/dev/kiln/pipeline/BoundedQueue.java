package dev.kiln.pipeline;

import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A bounded, named queue between two stages. Putting blocks while it is full, taking blocks while
 * it is empty; once closed, what is left is handed out and then the end.
 */
public final class BoundedQueue<T> {
  private final String name;
  private final int capacity;
  private final ArrayDeque<T> items = new ArrayDeque<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean closed;

  public BoundedQueue(String name, int capacity) {
    this.name = name;
    this.capacity = capacity;
  }

  public String name() {
    return name;
  }

  public int capacity() {
    return capacity;
  }

  /** Items in the lane now. */
  public int size() {
    lock.lock();
    try {
      return items.size();
    } finally {
      lock.unlock();
    }
  }

  public void put(T item) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (items.size() >= capacity) {
        changed.await();
      }
      if (closed) {
        throw new IllegalStateException("lane " + name + " is closed");
      }
      items.add(item);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The next item, or null once the lane is closed and empty. */
  T take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (items.isEmpty() && !closed) {
        changed.await();
      }
      T item = items.poll();
      changed.signalAll();
      return item;
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more will be put. */
  void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Closes the lane and frees what is left in it, after a run that broke off. */
  public void abandon() {
    lock.lock();
    try {
      close();
      for (T item : items) {
        if (item instanceof Stage.Owner owner) {
          owner.close();
        }
      }
      items.clear();
    } finally {
      lock.unlock();
    }
  }
}
