package dev.kiln.fetch;

import dev.kiln.error.SceneException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A bucket of S3 or of a service that speaks its protocol. */
final class S3ObjectStore implements ObjectStore {
  private final String root;
  private final S3Location location;
  private final S3Requests requests;
  private final S3Fetch fetch;
  private final S3Listing listing;
  private final S3Upload upload;

  S3ObjectStore(String uri, StoreOptions options) {
    this.root = uri;
    this.location = S3Location.parse(uri);
    this.requests = new S3Requests(location.bucket(), options);
    this.fetch = new S3Fetch(requests, location, options.limits().connections());
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

  /** Whether requests go unsigned. */
  boolean isAnonymous() {
    return requests.isAnonymous();
  }

  @Override
  public List<SparseObject> open(List<String> keys) throws SceneException, InterruptedException {
    List<SparseObject> objects = new ArrayList<>();
    try {
      for (S3Fetch.Head head : fetch.heads(keys)) {
        objects.add(
            SparseObject.begin(this, head.key(), head.version(), head.size(), head.bytes()));
      }
      return objects;
    } catch (InterruptedException | RuntimeException | Error e) {
      ObjectStore.closeAll(objects);
      throw e;
    }
  }

  @Override
  public void fetch(Collection<RangePlan> plans) throws SceneException, InterruptedException {
    fetch.ranges(plans);
  }

  @Override
  public byte[] read(String key) throws SceneException {
    try (InputStream in = stream(key)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw e.getCause() instanceof S3Failure failure
          ? failure.ofObject(key)
          : SceneException.transientError(key, e.getMessage(), e);
    }
  }

  @Override
  public InputStream stream(String key) throws IOException {
    return new S3Stream(requests, location.key(key), uri(key));
  }

  /** What is asked of the bucket. */
  private interface Question<T> {
    T ask() throws S3Failure, InterruptedException;
  }

  private static <T> T answer(String uri, Question<T> question) throws IOException {
    try {
      return question.ask();
    } catch (S3Failure e) {
      throw e.ofFile(uri);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(uri + ": interrupted");
    }
  }

  @Override
  public Set<String> existing(Collection<String> keys) throws IOException {
    Map<String, String> relative = new HashMap<>();
    keys.forEach(key -> relative.put(location.key(key), key));
    return answer(root, () -> listing.existing(relative.keySet())).stream()
        .map(relative::get)
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public List<String> list(String folder) throws IOException {
    String prefix = location.key(folder);
    String slashed = prefix.isEmpty() || prefix.endsWith("/") ? prefix : prefix + "/";
    return answer(uri(folder), () -> listing.names(slashed));
  }

  @Override
  public void put(String key, byte[] bytes) throws IOException {
    answer(
        uri(key),
        () -> {
          upload.put(location.key(key), bytes);
          return null;
        });
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
