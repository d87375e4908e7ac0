package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.SceneException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;

/**
 * Tries what a run will do with a store, on the smallest scale. What is found is said in words;
 * what stands in the way is a {@link ConfigurationException} that says what to change.
 */
public final class StoreCheck {
  /** Deeper than the keys of any archive. */
  private static final int DEEPEST = 16;

  private static final String TRIAL = "_kiln/doctor.json";

  private StoreCheck() {}

  /**
   * Reads the beginning of some object.
   *
   * @param uri of a source
   * @return what could be done, in words
   */
  public static String readable(String uri, StoreOptions options)
      throws IOException, InterruptedException {
    if (!S3Location.isS3(uri) && !Files.isReadable(ObjectStores.localPath(uri))) {
      throw new ConfigurationException(uri + ": a readable folder expected");
    }
    try (ObjectStore store = ObjectStores.open(uri, options)) {
      String key;
      try {
        key = someKey(store);
      } catch (AccessDeniedException e) {
        return uri
            + " is there, but may not be listed; whether its objects can be read shows"
            + " when one is";
      }
      if (key.isEmpty()) {
        return uri + " can be listed and is empty";
      }
      long begin = System.nanoTime();
      store.open(List.of(key)).forEach(SparseObject::close);
      return String.format(
          Locale.ROOT,
          "%s can be read%s: %s began after %.0f ms",
          uri,
          as(store),
          key,
          (System.nanoTime() - begin) / 1e6);
    } catch (SceneException fault) {
      throw new ConfigurationException(uri + ": " + fault.getMessage(), fault);
    }
  }

  private static String as(ObjectStore store) {
    return store instanceof S3ObjectStore bucket
        ? bucket.isAnonymous() ? " without credentials" : " with credentials"
        : "";
  }

  /** Key of some object, found by way of folders; empty if there is none. */
  private static String someKey(ObjectStore store) throws IOException {
    String key = "";
    for (int depth = 0; depth < DEEPEST; depth++) {
      List<String> names = store.list(key);
      if (names.isEmpty()) {
        return key;
      }
      key = key.isEmpty() ? names.get(0) : key + "/" + names.get(0);
    }
    return key;
  }

  /**
   * Writes a small object under {@code _kiln/} and asks for it as a run that resumes does.
   *
   * @param uri of an output
   * @return what could be done, in words
   */
  public static String writable(String uri, StoreOptions options) throws IOException {
    try (ObjectStore store = ObjectStores.open(uri, options)) {
      store.put(TRIAL, "{}\n".getBytes(StandardCharsets.UTF_8));
      // As many keys as are asked for with a list request.
      List<String> keys = List.of(TRIAL, TRIAL + ".1", TRIAL + ".2", TRIAL + ".3");
      try {
        if (!store.existing(keys).contains(TRIAL)) {
          throw new ConfigurationException(
              store.uri(TRIAL)
                  + " was written and is not there: a store that is consistent and"
                  + " lists keys in order expected");
        }
      } catch (AccessDeniedException e) {
        throw new ConfigurationException(
            uri + ": can be written but not listed, which resuming needs: grant s3:ListBucket", e);
      }
      return store.uri(TRIAL) + " was written" + as(store);
    } catch (AccessDeniedException e) {
      throw new ConfigurationException(uri + ": cannot be written (" + e.getReason() + ")", e);
    }
  }
}
