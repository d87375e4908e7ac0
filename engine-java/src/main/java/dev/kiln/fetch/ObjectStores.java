package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Opens the store that a URI names. */
public final class ObjectStores {
  private ObjectStores() {}

  /**
   * @param uri {@code s3://BUCKET[/PREFIX]}, {@code file:…} or a plain path
   * @param options for a bucket
   * @throws ConfigurationException if no store serves such a URI, or there are no credentials where
   *     there must be some
   */
  public static ObjectStore open(String uri, StoreOptions options) {
    // The AWS SDK is large, so its classes are first touched where a bucket is.
    return S3Location.isS3(uri)
        ? new S3ObjectStore(uri, options)
        : new FileObjectStore(uri, localPath(uri));
  }

  /** Whether a URI names a bucket, and not a folder of this machine. */
  public static boolean isBucket(String uri) {
    return S3Location.isS3(uri);
  }

  /** As {@link #open(String, StoreOptions)} with {@link StoreOptions#standard}. */
  public static ObjectStore open(String uri) {
    return open(uri, StoreOptions.standard());
  }

  /**
   * Opens one object to be read once, front to back.
   *
   * @param uri {@code s3://BUCKET/KEY}, {@code file:…} or a plain path
   * @throws NoSuchFileException if there is no such object
   */
  public static InputStream stream(String uri, StoreOptions options) throws IOException {
    if (!S3Location.isS3(uri)) {
      return Files.newInputStream(localPath(uri));
    }
    ObjectStore store = open(folder(uri), options);
    try {
      return new FilterInputStream(store.stream(name(uri))) {
        @Override
        public void close() throws IOException {
          super.close();
          store.close();
        }
      };
    } catch (IOException | RuntimeException | Error e) {
      store.close();
      throw e;
    }
  }

  /** Names of what lies directly below a folder or key prefix; none if there is no such folder. */
  public static List<String> list(String uri, StoreOptions options) throws IOException {
    try (ObjectStore store = open(uri, options)) {
      return store.list("");
    }
  }

  /** A URI for a log: what stands before its host, a key or a password, is masked. */
  public static String shown(String uri) {
    return uri.replaceFirst("://[^/@\\s]+@", "://***@");
  }

  private static String folder(String uri) {
    return uri.substring(0, uri.lastIndexOf('/') + 1);
  }

  private static String name(String uri) {
    String name = uri.substring(uri.lastIndexOf('/') + 1);
    if (name.isEmpty() || folder(uri).equals("s3://")) {
      throw new ConfigurationException(uri + ": an object in a bucket expected, s3://BUCKET/KEY");
    }
    return name;
  }

  /**
   * The path that a {@code file:} URI or a plain path means.
   *
   * @throws ConfigurationException for any other scheme
   */
  public static Path localPath(String uri) {
    int colon = uri.indexOf(':');
    String scheme = colon > 1 ? uri.substring(0, colon).toLowerCase(Locale.ROOT) : "file";
    if (!scheme.equals("file")) {
      throw new ConfigurationException(
          shown(uri)
              + ": scheme '"
              + scheme
              + "' is not served; give s3://BUCKET, a path or a file: URI");
    }
    String path = colon > 1 ? uri.substring(colon + 1).replaceFirst("^//(?=/)", "") : uri;
    try {
      return Path.of(path);
    } catch (InvalidPathException e) {
      throw new ConfigurationException(uri + ": not a path: " + e.getReason(), e);
    }
  }
}
