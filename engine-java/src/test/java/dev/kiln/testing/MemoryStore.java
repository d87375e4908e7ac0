package dev.kiln.testing;

import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.RangePlan;
import dev.kiln.fetch.SparseObject;
import dev.kiln.fetch.Traffic;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/**
 * A bucket in memory. It stores only how often files of scenes were written; Kiln's own files are
 * stored whole.
 */
public final class MemoryStore implements ObjectStore {
  private static final String OWN = "_kiln/";

  private final Map<String, Byte> puts = new ConcurrentHashMap<>();
  private final Map<String, byte[]> own = new ConcurrentHashMap<>();
  private final AtomicLong requests = new AtomicLong();

  /** Files of scenes. */
  public int files() {
    return puts.size();
  }

  /** Returns how often files were written again. */
  public long putAgain() {
    return puts.values().stream().mapToLong(n -> n - 1).sum();
  }

  @Override
  public String root() {
    return "memory";
  }

  @Override
  public String uri(String key) {
    return "memory/" + key;
  }

  @Override
  public List<SparseObject> open(List<String> keys) {
    throw new UnsupportedOperationException("holds no scenes");
  }

  @Override
  public void fetch(Collection<RangePlan> plans) {
    throw new UnsupportedOperationException("holds no scenes");
  }

  @Override
  public InputStream stream(String key) throws IOException {
    byte[] bytes = own.get(key);
    if (bytes == null) {
      throw new NoSuchFileException(key);
    }
    return new ByteArrayInputStream(bytes);
  }

  @Override
  public Set<String> existing(Collection<String> keys) {
    requests.incrementAndGet();
    return keys.stream()
        .filter(key -> puts.containsKey(key) || own.containsKey(key))
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public List<String> list(String directory) {
    String prefix = directory + "/";
    return own.keySet().stream()
        .filter(key -> key.startsWith(prefix))
        .map(key -> key.substring(prefix.length()).replaceFirst("/.*", ""))
        .distinct()
        .toList();
  }

  @Override
  public void put(String key, byte[] bytes) {
    if (key.startsWith(OWN)) {
      own.put(key, bytes);
    } else {
      puts.merge(key, (byte) 1, (a, b) -> (byte) (a + b));
    }
  }

  @Override
  public Traffic.Counts traffic() {
    return new Traffic.Counts(requests.get(), 0, 0, 0);
  }

  @Override
  public void close() {}
}
