package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A source whose objects may be in several stores. A key without a scheme is an object of the
 * source itself. A key that is a whole URI ({@code s3://…}, {@code https://…}, {@code file:///…})
 * is read from the bucket or host that it names, each with a separate store, except where the
 * source is a mirror: then {@code s3://BUCKET/KEY} is read as {@code KEY} of the source. So are
 * {@code gs://} and {@code az://}.
 *
 * <p>Credentials for the source are not sent to other hosts. Files are read only below the source's
 * own directory, and web servers only if they are the source or on the list of allowed hosts.
 */
final class RoutingObjectStore implements ObjectStore {
  private final ObjectStore source;
  private final StoreOptions options;
  private final SourceRules rules;
  private final Map<String, ObjectStore> others = new ConcurrentHashMap<>();

  /**
   * Creates a source.
   *
   * @param source the store of keys without a scheme; owned
   * @param options how other stores are reached
   * @param rules which other stores are read
   */
  RoutingObjectStore(ObjectStore source, StoreOptions options, SourceRules rules) {
    this.source = source;
    this.options = options;
    this.rules = rules;
  }

  /** A store and the key in it. */
  private record Route(ObjectStore store, String key) {}

  private Route route(String key) throws IOException {
    Optional<RemoteName> bucket = RemoteName.of(key);
    if (bucket.isPresent()) {
      return inBucket(key, bucket.get());
    }
    if (HttpLocation.isHttp(key)) {
      String root = HttpLocation.origin(key);
      String relative = key.substring(Math.min(key.length(), root.length() + 1));
      if (!allowed(root)) {
        throw new AccessDeniedException(
            ObjectStores.redacted(key),
            null,
            "the source does not read from " + root + ": allow it with --allow-host");
      }
      return new Route(other(root), relative);
    }
    if (key.startsWith("file:")) {
      return new Route(source, below(key));
    }
    return new Route(source, key);
  }

  private Route inBucket(String key, RemoteName name) throws IOException {
    if (name.key().isEmpty()) {
      throw new UnreadableObjectException(
          key, "expected the URI of an object, found that of a bucket");
    }
    Optional<RemoteName> own = RemoteName.of(source.root());
    if (own.isPresent() && own.get().root().equals(name.root())) {
      String prefix = own.get().key();
      String slashed = prefix.isEmpty() || prefix.endsWith("/") ? prefix : prefix + "/";
      if (name.key().startsWith(slashed)) {
        return new Route(source, name.key().substring(slashed.length()));
      }
    }
    if (isMirror()) {
      return new Route(source, name.key());
    }
    try {
      return new Route(other(name.root()), name.key());
    } catch (ConfigurationException e) {
      // The name of a bucket in an item is that item's fault.
      UnreadableObjectException named =
          new UnreadableObjectException(ObjectStores.redacted(key), e.getMessage());
      named.initCause(e);
      throw named;
    }
  }

  /** A directory has one level of keys, so the bucket's name is dropped. */
  private boolean isMirror() {
    return rules.mirror() || source instanceof FileObjectStore;
  }

  private boolean allowed(String origin) {
    return isOwn(origin) || rules.allowedHosts().contains(URI.create(origin).getHost());
  }

  private boolean isOwn(String origin) {
    return source instanceof HttpObjectStore && HttpLocation.origin(source.root()).equals(origin);
  }

  private Optional<String> ownHost() {
    return source instanceof HttpObjectStore
        ? Optional.of(URI.create(HttpLocation.origin(source.root())).getHost())
        : Optional.empty();
  }

  private String below(String uri) throws IOException {
    if (source instanceof FileObjectStore) {
      Path root = ObjectStores.localPath(source.root()).toAbsolutePath().normalize();
      Path file = Path.of(URI.create(uri)).normalize();
      if (file.startsWith(root)) {
        return root.relativize(file).toString();
      }
    }
    throw new AccessDeniedException(uri, null, "the file is outside the source " + source.root());
  }

  private ObjectStore other(String root) throws IOException {
    StoreOptions access = isOwn(root) ? options : rules.forOthers(options, ownHost());
    try {
      return others.computeIfAbsent(root, uri -> ObjectStores.open(uri, access));
    } catch (UncheckedIOException e) {
      // Such as a token service that fails at the moment.
      throw e.getCause();
    }
  }

  @Override
  public String root() {
    return source.root();
  }

  @Override
  public String uri(String key) {
    try {
      Route route = route(key);
      return route.store.uri(route.key);
    } catch (IOException | IllegalArgumentException e) {
      return ObjectStores.redacted(key);
    }
  }

  @Override
  public List<SparseObject> open(List<String> keys) throws IOException, InterruptedException {
    Map<ObjectStore, List<Integer>> byStore = new LinkedHashMap<>();
    List<Route> routes = new ArrayList<>();
    Map<Route, String> seen = new HashMap<>();
    for (int i = 0; i < keys.size(); i++) {
      Route route = route(keys.get(i));
      String same = seen.putIfAbsent(route, keys.get(i));
      if (same != null && !same.equals(keys.get(i))) {
        throw new UnreadableObjectException(
            route.store.uri(route.key),
            "the source holds one object for both "
                + same
                + " and "
                + keys.get(i)
                + ": read them from their buckets");
      }
      routes.add(route);
      byStore.computeIfAbsent(route.store, unseen -> new ArrayList<>()).add(i);
    }
    SparseObject[] opened = new SparseObject[keys.size()];
    List<SparseObject> all = new ArrayList<>();
    try {
      for (Map.Entry<ObjectStore, List<Integer>> entry : byStore.entrySet()) {
        List<String> own = entry.getValue().stream().map(i -> routes.get(i).key).toList();
        List<SparseObject> objects = entry.getKey().open(own);
        all.addAll(objects);
        for (int i = 0; i < objects.size(); i++) {
          opened[entry.getValue().get(i)] = objects.get(i);
        }
      }
      return List.of(opened);
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      ObjectStore.closeAll(all);
      throw e;
    }
  }

  @Override
  public void fetch(Collection<RangePlan> plans) throws IOException, InterruptedException {
    Map<ObjectStore, List<RangePlan>> byStore = new LinkedHashMap<>();
    for (RangePlan plan : plans) {
      byStore.computeIfAbsent(plan.object().store(), unseen -> new ArrayList<>()).add(plan);
    }
    for (Map.Entry<ObjectStore, List<RangePlan>> entry : byStore.entrySet()) {
      entry.getKey().fetch(entry.getValue());
    }
  }

  @Override
  public InputStream stream(String key) throws IOException {
    Route route = route(key);
    return route.store.stream(route.key);
  }

  @Override
  public Set<String> existing(Collection<String> keys) throws IOException {
    Set<String> found = new HashSet<>();
    for (String key : keys) {
      Route route = route(key);
      if (route.store.exists(route.key)) {
        found.add(key);
      }
    }
    return found;
  }

  @Override
  public List<String> list(String directory) throws IOException {
    return source.list(directory);
  }

  @Override
  public void put(String key, byte[] bytes) {
    throw new ConfigurationException(source.root() + ": a source cannot be written");
  }

  @Override
  public Traffic.Counts traffic() {
    Traffic.Counts sum = source.traffic();
    for (ObjectStore other : others.values()) {
      sum = sum.plus(other.traffic());
    }
    return sum;
  }

  @Override
  public void close() {
    source.close();
    others.values().forEach(ObjectStore::close);
  }
}
