package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A web server whose objects are read by range requests. Read-only. If the server ignores ranges,
 * an object is read whole when it is opened.
 */
final class HttpObjectStore implements ObjectStore {
  /** Limit of an object that a server without ranges sends whole: it is one request. */
  private static final int MAX_WHOLE_BYTES = Integer.MAX_VALUE - 8;

  private final String root;
  private final HttpRequests requests;
  private final RangeFetch fetch;

  /**
   * Creates a store.
   *
   * @param uri {@code https://HOST[:PORT][/PATH]}
   * @param options limits, certificates and whether credentials are sent
   */
  HttpObjectStore(String uri, StoreOptions options) {
    this.root = uri;
    this.requests = new HttpRequests(HttpLocation.parse(uri), options);
    this.fetch = new RangeFetch(requests, options.limits().connections());
  }

  @Override
  public String root() {
    return root;
  }

  @Override
  public String uri(String key) {
    return requests.uri(key);
  }

  /** Returns whether requests carry no credentials. */
  boolean isAnonymous() {
    return requests.isAnonymous();
  }

  @Override
  public List<SparseObject> open(List<String> keys) throws IOException, InterruptedException {
    return fetch.open(this, keys, this::readWhole);
  }

  /** Reads the objects whose ranges the server ignored. */
  private void readWhole(List<RangeFetch.Head> heads, List<SparseObject> objects)
      throws IOException, InterruptedException {
    List<RangePlan> plans = new ArrayList<>();
    for (int i = 0; i < heads.size(); i++) {
      RangeFetch.Head head = heads.get(i);
      if (!head.ranges() && head.size() > head.bytes().limit()) {
        plans.add(whole(objects.get(i)));
      }
    }
    fetch.ranges(plans, MAX_WHOLE_BYTES);
  }

  private RangePlan whole(SparseObject object) throws UnreadableObjectException {
    if (object.size() > MAX_WHOLE_BYTES) {
      throw new UnreadableObjectException(
          uri(object.key()),
          "the server ignores Range; expected at most %,d bytes, found %,d"
              .formatted(MAX_WHOLE_BYTES, object.size()));
    }
    // One range from the start: the server would send the bytes before it again for every range.
    ByteRange all = new ByteRange(0, object.size());
    return new RangePlan(object, List.of(all), all.length());
  }

  @Override
  public void fetch(Collection<RangePlan> plans) throws IOException, InterruptedException {
    fetch.ranges(plans);
  }

  @Override
  public InputStream stream(String key) throws IOException {
    return new RangeStream(requests, key);
  }

  @Override
  public Set<String> existing(Collection<String> keys) throws IOException {
    Set<String> found = new HashSet<>();
    for (String key : keys) {
      if (Requests.send(uri(key), () -> requests.exists(key))) {
        found.add(key);
      }
    }
    return found;
  }

  @Override
  public List<String> list(String directory) {
    throw readOnly("listed");
  }

  @Override
  public void put(String key, byte[] bytes) {
    throw readOnly("written");
  }

  private ConfigurationException readOnly(String what) {
    return new ConfigurationException(
        ObjectStores.redacted(root)
            + ": a web server cannot be "
            + what
            + ": expected s3://BUCKET or a path");
  }

  @Override
  public Traffic.Counts traffic() {
    return requests.traffic().counts();
  }

  @Override
  public void close() {
    requests.close();
  }
}
