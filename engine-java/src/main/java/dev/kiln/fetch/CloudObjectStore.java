package dev.kiln.fetch;

import dev.kiln.fetch.RequestException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import javax.xml.stream.XMLStreamException;

/** A bucket of Google Cloud Storage or a container of Azure Blob Storage. */
final class CloudObjectStore extends HttpStore {
  private static final int PAGE = 1000;

  private final CloudService service;
  private final CloudLocation location;
  private final int page;
  private final int connections;
  private final Uploads uploads = new CloudUploads();

  private CloudObjectStore(String root, CloudService service, StoreOptions options, int page) {
    super(root, new HttpRequests(service, options), options.limits().connections());
    this.service = service;
    this.location = service.location();
    this.page = page;
    this.connections = options.limits().connections();
  }

  /**
   * Opens a store.
   *
   * @param uri as for {@link CloudLocation#parse}
   * @param options endpoint, identity, limits and environment
   */
  static CloudObjectStore open(String uri, StoreOptions options) {
    return open(uri, options, PAGE);
  }

  /**
   * Opens a store for tests.
   *
   * @param page most keys in a list response
   */
  static CloudObjectStore open(String uri, StoreOptions options, int page) {
    CloudLocation location = CloudLocation.parse(uri);
    CloudService service =
        location.scheme().equals("gs")
            ? new GoogleStore(location, options)
            : new AzureStore(location, options);
    return new CloudObjectStore(uri, service, options, page);
  }

  @Override
  public Set<String> existing(Collection<String> keys) throws IOException {
    Map<String, String> relative = new HashMap<>();
    keys.forEach(key -> relative.put(location.prefix() + key, key));
    Set<String> found =
        Requests.send(
            root(),
            () ->
                service.listsInOrder()
                    ? KeyQuery.existing(relative.keySet(), new Listing())
                    : existingUnordered(relative.keySet()));
    return found.stream().map(relative::get).collect(Collectors.toUnmodifiableSet());
  }

  /** The requests of {@link KeyQuery}. */
  private final class Listing implements KeyQuery.Listing {
    @Override
    public KeyQuery.Page after(String after, String prefix)
        throws RequestException, InterruptedException {
      ListPage listed = list(prefix, false, after, "");
      return new KeyQuery.Page(listed.keys(), listed.next().isPresent());
    }

    @Override
    public boolean exists(String key) throws RequestException, InterruptedException {
      return requests().exists(key.substring(location.prefix().length()));
    }
  }

  /**
   * Returns those of the keys whose objects exist, with one list request if the directory that they
   * share fits into a page, and otherwise with another request for each.
   */
  private Set<String> existingUnordered(Collection<String> keys)
      throws RequestException, InterruptedException {
    Set<String> found = new HashSet<>();
    Set<String> open = new HashSet<>(keys);
    if (open.size() > 2) {
      List<String> sorted = open.stream().sorted().toList();
      String prefix = KeyQuery.commonPrefix(sorted.get(0), sorted.get(sorted.size() - 1));
      ListPage listed = list(prefix, false, "", "");
      for (String key : listed.keys()) {
        if (open.remove(key)) {
          found.add(key);
        }
      }
      if (listed.next().isEmpty()) {
        return found;
      }
    }
    Map<String, CompletableFuture<Boolean>> running = new LinkedHashMap<>();
    try {
      for (String key : open) {
        running.put(key, requests().queryExists(key.substring(location.prefix().length())));
        if (running.size() == connections) {
          collect(running, found);
        }
      }
      collect(running, found);
      return found;
    } finally {
      running.values().forEach(request -> request.cancel(true));
    }
  }

  private static void collect(Map<String, CompletableFuture<Boolean>> running, Set<String> found)
      throws RequestException, InterruptedException {
    for (Map.Entry<String, CompletableFuture<Boolean>> request : running.entrySet()) {
      if (Requests.await(request.getValue())) {
        found.add(request.getKey());
      }
    }
    running.clear();
  }

  private ListPage list(String prefix, boolean directories, String after, String token)
      throws RequestException, InterruptedException {
    HttpRequests.Success response =
        Requests.await(
            requests()
                .requestText(
                    location.root() + ": list of '" + prefix + "'",
                    service.list(prefix, directories, after, token, page)));
    String[] elements = service.listElements();
    try {
      return ListPage.parse(response.body(), elements[0], elements[1], elements[2]);
    } catch (XMLStreamException e) {
      throw new RequestException(
          Kind.REFUSED, "expected a list in XML, found other text: " + e.getMessage(), e);
    }
  }

  @Override
  public List<String> list(String directory) throws IOException {
    String prefix = location.prefix() + directory;
    String slashed = prefix.isEmpty() || prefix.endsWith("/") ? prefix : prefix + "/";
    return Requests.send(uri(directory), () -> names(slashed));
  }

  private List<String> names(String prefix) throws RequestException, InterruptedException {
    List<String> names = new ArrayList<>();
    Optional<String> token = Optional.of("");
    while (token.isPresent()) {
      ListPage listed = list(prefix, true, "", token.get());
      for (String path : listed.directories()) {
        names.add(path.substring(prefix.length(), path.length() - 1));
      }
      for (String key : listed.keys()) {
        names.add(key.substring(prefix.length()));
      }
      token = listed.next();
    }
    names.removeIf(String::isEmpty);
    return names.stream().distinct().toList();
  }

  @Override
  public void put(String key, byte[] bytes) throws IOException {
    Requests.send(
        uri(key),
        () -> {
          uploads.put(location.prefix() + key, bytes);
          return null;
        });
  }

  @Override
  public ObjectWriter write(String key) {
    return new MultipartWriter(uploads, location.prefix() + key, uri(key));
  }

  @Override
  public void delete(String key) throws IOException {
    Requests.send(
        uri(key),
        () -> {
          try {
            return Requests.await(
                requests().request(uri(key) + ": delete", HttpCall.of("DELETE", service.url(key))));
          } catch (RequestException e) {
            if (e.kind() == Kind.MISSING) {
              return null;
            }
            throw e;
          }
        });
  }

  /** The writes of this store. */
  private final class CloudUploads implements Uploads {
    @Override
    public void putAtOnce(String key, byte[] bytes) throws RequestException, InterruptedException {
      Requests.await(
          requests()
              .write(
                  location.root() + "/" + key + ": put",
                  service.put(key, ByteBuffer.wrap(bytes), Uploads.contentType(key)),
                  "ETag"));
    }

    @Override
    public Uploads.Parts start(String key) throws RequestException, InterruptedException {
      return service.start(requests(), key, Uploads.contentType(key));
    }

    @Override
    public void sent(long bytes) {
      requests().traffic().written(bytes);
    }
  }
}
