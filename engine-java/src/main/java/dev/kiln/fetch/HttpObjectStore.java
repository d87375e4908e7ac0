package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A web server. Read-only. */
final class HttpObjectStore extends HttpStore {
  /**
   * Creates a store.
   *
   * @param uri {@code https://HOST[:PORT][/PATH]}
   * @param options limits, certificates and whether credentials are sent
   */
  HttpObjectStore(String uri, StoreOptions options) {
    super(uri, new HttpRequests(HttpLocation.parse(uri), options), options.limits().connections());
  }

  @Override
  public Set<String> existing(Collection<String> keys) throws IOException {
    Set<String> found = new HashSet<>();
    for (String key : keys) {
      if (Requests.send(uri(key), () -> requests().exists(key))) {
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
        ObjectStores.redacted(root())
            + ": a web server cannot be "
            + what
            + ": expected s3://BUCKET, gs://BUCKET, az://CONTAINER or a path");
  }
}
