package dev.kiln.testing;

import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.RangePlan;
import dev.kiln.fetch.SparseObject;
import dev.kiln.fetch.Traffic;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** A store that forwards every call; tests override the methods that are to fail. */
public class ForwardingStore implements ObjectStore {
  private final ObjectStore store;

  public ForwardingStore(ObjectStore store) {
    this.store = store;
  }

  @Override
  public String root() {
    return store.root();
  }

  @Override
  public String uri(String key) {
    return store.uri(key);
  }

  /** Called before an object is opened. */
  protected void opening(String key) throws IOException {}

  @Override
  public List<SparseObject> open(List<String> keys) throws IOException, InterruptedException {
    for (String key : keys) {
      opening(key);
    }
    return store.open(keys);
  }

  @Override
  public void fetch(Collection<RangePlan> plans) throws IOException, InterruptedException {
    store.fetch(plans);
  }

  @Override
  public byte[] read(String key) throws IOException {
    return store.read(key);
  }

  @Override
  public InputStream stream(String key) throws IOException {
    return store.stream(key);
  }

  @Override
  public Set<String> existing(Collection<String> keys) throws IOException {
    return store.existing(keys);
  }

  @Override
  public List<String> list(String directory) throws IOException {
    return store.list(directory);
  }

  @Override
  public Traffic.Counts traffic() {
    return store.traffic();
  }

  @Override
  public void put(String key, byte[] bytes) throws IOException {
    store.put(key, bytes);
  }

  @Override
  public void delete(String key) throws IOException {
    store.delete(key);
  }

  @Override
  public void close() {
    store.close();
  }
}
