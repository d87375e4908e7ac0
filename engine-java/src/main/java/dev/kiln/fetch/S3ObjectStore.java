package dev.kiln.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A bucket of S3 or of an S3-compatible service. */
final class S3ObjectStore implements ObjectStore {
  private final String root;
  private final S3Location location;
  private final S3Requests requests;
  private final RangeFetch fetch;
  private final S3Listing listing;
  private final S3Upload upload;

  S3ObjectStore(String uri, StoreOptions options) {
    this.root = uri;
    this.location = S3Location.parse(uri);
    this.requests = new S3Requests(location, options);
    this.fetch = new RangeFetch(requests, options.limits().connections());
    this.listing = new S3Listing(requests, location.bucket());
    this.upload = new S3Upload(requests, location.bucket());
  }

  @Override
  public String root() {
    return root;
  }

  @Override
  public String uri(String key) {
    return location.uri(key);
  }

  /** Returns whether requests are unsigned. */
  boolean isAnonymous() {
    return requests.isAnonymous();
  }

  @Override
  public List<SparseObject> open(List<String> keys) throws IOException, InterruptedException {
    return fetch.open(this, keys, RangeFetch.Completion.NONE);
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
    Map<String, String> relative = new HashMap<>();
    keys.forEach(key -> relative.put(location.key(key), key));
    return Requests.send(root, () -> listing.existing(relative.keySet())).stream()
        .map(relative::get)
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public List<String> list(String directory) throws IOException {
    String prefix = location.key(directory);
    String slashed = prefix.isEmpty() || prefix.endsWith("/") ? prefix : prefix + "/";
    return Requests.send(uri(directory), () -> listing.names(slashed));
  }

  @Override
  public void put(String key, byte[] bytes) throws IOException {
    Requests.send(
        uri(key),
        () -> {
          upload.put(location.key(key), bytes);
          return null;
        });
  }

  @Override
  public ObjectWriter write(String key) {
    return new MultipartWriter(upload, location.key(key), uri(key));
  }

  @Override
  public void delete(String key) throws IOException {
    Requests.send(
        uri(key),
        () ->
            requests.request(
                "delete of " + key,
                s3 -> s3.deleteObject(r -> r.bucket(location.bucket()).key(location.key(key)))));
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
