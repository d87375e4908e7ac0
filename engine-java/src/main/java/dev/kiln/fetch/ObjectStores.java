package dev.kiln.fetch;

import dev.kiln.fault.ConfigurationFault;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;

/** Opens the store that a URI names. */
public final class ObjectStores {
  private ObjectStores() {}

  /**
   * @param uri {@code s3://BUCKET[/PREFIX]}, {@code file:…} or a plain path
   * @param options for a bucket
   * @throws ConfigurationFault if no store serves such a URI, or there are no credentials where
   *     there must be some
   */
  public static ObjectStore open(String uri, StoreOptions options) {
    // The AWS SDK is large, so its classes are first touched where a bucket is.
    return S3Location.isS3(uri)
        ? new S3ObjectStore(uri, options)
        : new FileObjectStore(uri, localPath(uri));
  }

  /** As {@link #open(String, StoreOptions)} with {@link StoreOptions#standard}. */
  public static ObjectStore open(String uri) {
    return open(uri, StoreOptions.standard());
  }

  /**
   * The path that a {@code file:} URI or a plain path means.
   *
   * @throws ConfigurationFault for any other scheme
   */
  public static Path localPath(String uri) {
    int colon = uri.indexOf(':');
    String scheme = colon > 1 ? uri.substring(0, colon).toLowerCase(Locale.ROOT) : "file";
    if (!scheme.equals("file")) {
      throw new ConfigurationFault(
          uri + ": scheme '" + scheme + "' is not served; give s3://BUCKET, a path or a file: URI");
    }
    String path = colon > 1 ? uri.substring(colon + 1).replaceFirst("^//(?=/)", "") : uri;
    try {
      return Path.of(path);
    } catch (InvalidPathException e) {
      throw new ConfigurationFault(uri + ": not a path: " + e.getReason(), e);
    }
  }
}
