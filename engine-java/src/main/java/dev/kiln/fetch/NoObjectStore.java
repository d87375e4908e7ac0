package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** The source of a run that has none, because all of its objects are named by whole URIs. */
final class NoObjectStore implements ObjectStore {
  @Override
  public String root() {
    return "";
  }

  @Override
  public String uri(String key) {
    return key;
  }

  private static IOException noSource(String key) {
    return new AccessDeniedException(
        ObjectStores.redacted(key), null, "the name is relative: give its archive with --source");
  }

  @Override
  public List<SparseObject> open(List<String> keys) throws IOException {
    throw noSource(keys.get(0));
  }

  @Override
  public void fetch(Collection<RangePlan> plans) {
    throw new IllegalStateException("no object was opened");
  }

  @Override
  public InputStream stream(String key) throws IOException {
    throw noSource(key);
  }

  @Override
  public Set<String> existing(Collection<String> keys) {
    return Set.of();
  }

  @Override
  public List<String> list(String directory) {
    return List.of();
  }

  @Override
  public void put(String key, byte[] bytes) {
    throw new ConfigurationException("a source cannot be written");
  }

  @Override
  public Traffic.Counts traffic() {
    return new Traffic.Counts(0, 0, 0, 0);
  }

  @Override
  public void close() {
    // There is nothing to close.
  }
}
