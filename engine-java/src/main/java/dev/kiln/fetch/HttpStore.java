package dev.kiln.fetch;

import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Reads the objects of an HTTP service by range requests. If the service ignores ranges, an object
 * is read whole when it is opened.
 */
abstract class HttpStore implements ObjectStore {
  /** Limit of an object that a service without ranges sends whole: it is one request. */
  private static final int MAX_WHOLE_BYTES = Integer.MAX_VALUE - 8;

  private final String root;
  private final HttpRequests requests;
  private final RangeFetch fetch;

  /**
   * Creates a store.
   *
   * @param root as the user gave it
   * @param requests to the service; owned
   * @param connections number of concurrent requests
   */
  HttpStore(String root, HttpRequests requests, int connections) {
    this.root = root;
    this.requests = requests;
    this.fetch = new RangeFetch(requests, connections);
  }

  @Override
  public final String root() {
    return root;
  }

  @Override
  public final String uri(String key) {
    return requests.uri(key);
  }

  /** Returns the requests to the service. */
  final HttpRequests requests() {
    return requests;
  }

  /** Returns whether requests carry no credentials. */
  final boolean isAnonymous() {
    return requests.isAnonymous();
  }

  @Override
  public final List<SparseObject> open(List<String> keys) throws IOException, InterruptedException {
    return fetch.open(this, keys, this::readWhole);
  }

  /** Reads the objects whose ranges the service ignored. */
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
  public final void fetch(Collection<RangePlan> plans) throws IOException, InterruptedException {
    fetch.ranges(plans);
  }

  @Override
  public final InputStream stream(String key) throws IOException {
    return new RangeStream(requests, key);
  }

  @Override
  public final Traffic.Counts traffic() {
    return requests.traffic().counts();
  }

  @Override
  public final void close() {
    requests.close();
  }
}
