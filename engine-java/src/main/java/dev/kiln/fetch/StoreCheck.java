package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;

/**
 * Checks whether a run can use a store, with a few small requests. The methods return what works in
 * one line, and throw a {@link ConfigurationException} that names what to change.
 */
public final class StoreCheck {
  /** Deeper than the keys of any archive. */
  private static final int MAX_DEPTH = 16;

  private static final String PROBE = "_kiln/doctor.json";

  private StoreCheck() {}

  /**
   * Reads the first bytes of some object.
   *
   * @param uri of a source
   * @param options how the store is reached
   * @return what works, in one line
   * @throws ConfigurationException if nothing can be read
   * @throws IOException if the store cannot be reached
   * @throws InterruptedException if the thread is interrupted
   */
  public static String readable(String uri, StoreOptions options)
      throws IOException, InterruptedException {
    if (!ObjectStores.isRemote(uri) && !Files.isReadable(ObjectStores.localPath(uri))) {
      throw new ConfigurationException(
          Mismatch.of(uri, "a readable directory", "none: correct the path or its permissions"));
    }
    try (ObjectStore store = ObjectStores.open(uri, options)) {
      if (HttpLocation.isHttp(uri)) {
        return ObjectStores.redacted(uri)
            + " is a web server; whether its objects can be read is not checked";
      }
      String key;
      try {
        key = someKey(store);
      } catch (AccessDeniedException e) {
        return uri + " exists but cannot be listed; whether its objects can be read is not checked";
      }
      if (key.isEmpty()) {
        return uri + " can be listed and is empty";
      }
      long start = System.nanoTime();
      store.open(List.of(key)).forEach(SparseObject::close);
      return String.format(
          Locale.ROOT,
          "%s can be read%s: first bytes of %s after %.0f ms",
          uri,
          as(store),
          key,
          (System.nanoTime() - start) / 1e6);
    } catch (IOException e) {
      throw new ConfigurationException(uri + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static String as(ObjectStore store) {
    boolean bucket = RemoteName.isBucket(store.root());
    boolean anonymous =
        store instanceof S3ObjectStore s3 && s3.isAnonymous()
            || store instanceof HttpStore http && http.isAnonymous();
    return bucket ? anonymous ? " without credentials" : " with credentials" : "";
  }

  /** Returns the key of some object, found by descending into directories; empty for none. */
  private static String someKey(ObjectStore store) throws IOException {
    String key = "";
    for (int depth = 0; depth < MAX_DEPTH; depth++) {
      List<String> names = store.list(key);
      if (names.isEmpty()) {
        return key;
      }
      key = key.isEmpty() ? names.get(0) : key + "/" + names.get(0);
    }
    return key;
  }

  /**
   * Writes a small object under {@code _kiln/} and queries it as a resumed run does.
   *
   * @param uri of an output
   * @param options how the store is reached
   * @return what works, in one line
   * @throws ConfigurationException if the object cannot be written or found
   * @throws IOException if the store is unavailable
   */
  public static String writable(String uri, StoreOptions options) throws IOException {
    try (ObjectStore store = ObjectStores.open(uri, options)) {
      store.put(PROBE, "{}\n".getBytes(StandardCharsets.UTF_8));
      // Enough keys that the store queries them with a list request.
      List<String> keys = List.of(PROBE, PROBE + ".1", PROBE + ".2", PROBE + ".3");
      try {
        if (!store.existing(keys).contains(PROBE)) {
          throw new ConfigurationException(
              Mismatch.of(
                  store.uri(PROBE),
                  "a store that is consistent and lists keys in order",
                  "no trace of an object that was just written"));
        }
      } catch (AccessDeniedException e) {
        throw new ConfigurationException(
            uri
                + ": can be written but not listed, which resume needs: grant "
                + ObjectStores.listPermission(uri),
            e);
      }
      return store.uri(PROBE) + " was written" + as(store);
    } catch (AccessDeniedException e) {
      throw new ConfigurationException(uri + ": cannot be written (" + e.getReason() + ")", e);
    }
  }
}
