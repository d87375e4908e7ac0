package dev.kiln.explore;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The scenes that were used last, within limits of memory and number. A scene is not closed while
 * it is used. Safe for use by several threads; scenes are read outside of the lock.
 *
 * @param <S> type of the scenes
 */
final class OpenScenes<S extends OpenScenes.Held> implements AutoCloseable {
  private final long mostBytes;
  private final int mostOpen;
  private final Map<String, Entry<S>> entries = new LinkedHashMap<>(16, 0.75f, true);
  private boolean closed;

  /**
   * Creates an empty set.
   *
   * @param mostBytes that scenes may hold together
   * @param mostOpen number of scenes
   */
  OpenScenes(long mostBytes, int mostOpen) {
    this.mostBytes = mostBytes;
    this.mostOpen = mostOpen;
  }

  /** A scene that holds memory. */
  interface Held extends AutoCloseable {
    /** Returns the bytes that it holds. */
    long heldBytes();

    @Override
    void close();
  }

  private static final class Entry<S> {
    private final S scene;
    private int users;

    Entry(S scene) {
      this.scene = scene;
    }
  }

  /**
   * What is done with a scene.
   *
   * @param <S> type of the scene
   * @param <T> type of the result
   */
  interface Use<S, T> {
    /** Uses a scene, which stays open meanwhile. */
    T of(S scene) throws IOException, InterruptedException;
  }

  /**
   * Uses a scene.
   *
   * @param key of the scene
   * @param creation makes the scene if it is not in the set; must not read anything
   */
  <T> T use(String key, Supplier<S> creation, Use<S, T> use)
      throws IOException, InterruptedException {
    Entry<S> entry = acquire(key, creation);
    try {
      return use.of(entry.scene);
    } finally {
      release(entry);
    }
  }

  private synchronized Entry<S> acquire(String key, Supplier<S> creation) {
    if (closed) {
      throw new BadRequestException(503, "the server is stopping");
    }
    Entry<S> entry = entries.get(key);
    if (entry == null) {
      entry = new Entry<>(creation.get());
      entries.put(key, entry);
    }
    entry.users++;
    return entry;
  }

  private void release(Entry<S> released) {
    List<Entry<S>> closing = new ArrayList<>();
    synchronized (this) {
      released.users--;
      long held = entries.values().stream().mapToLong(e -> e.scene.heldBytes()).sum();
      Iterator<Entry<S>> oldest = entries.values().iterator();
      while (oldest.hasNext() && (closed || held > mostBytes || entries.size() > mostOpen)) {
        Entry<S> entry = oldest.next();
        // The last one is kept: it is used again, or its file is too large for the limit.
        if (entry.users == 0 && (closed || entry != released)) {
          oldest.remove();
          held -= entry.scene.heldBytes();
          closing.add(entry);
        }
      }
    }
    closing.forEach(entry -> entry.scene.close());
  }

  /** Returns the number of scenes in the set. */
  synchronized int size() {
    return entries.size();
  }

  /** Closes all scenes; those that are used, when they no longer are. Idempotent. */
  @Override
  public void close() {
    List<Entry<S>> closing = new ArrayList<>();
    synchronized (this) {
      closed = true;
      entries.values().stream().filter(entry -> entry.users == 0).forEach(closing::add);
      entries.values().removeAll(closing);
    }
    closing.forEach(entry -> entry.scene.close());
  }
}
