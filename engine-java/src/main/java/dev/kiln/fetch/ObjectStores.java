package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Locale;

/** Opens the store that a URI names. */
public final class ObjectStores {
  private ObjectStores() {}

  /**
   * Opens a store.
   *
   * @param uri {@code s3://BUCKET[/PREFIX]}, {@code gs://BUCKET[/PREFIX]}, {@code
   *     az://CONTAINER[@ACCOUNT][/PREFIX]}, {@code https://HOST[/PATH]}, {@code file:…} or a plain
   *     path
   * @param options for a bucket or web server
   * @return the store, which the caller closes
   * @throws ConfigurationException if the scheme is not supported, or required credentials are
   *     missing
   */
  public static ObjectStore open(String uri, StoreOptions options) {
    // The AWS SDK is large, so its classes are loaded only for a bucket of S3.
    if (S3Location.isS3(uri)) {
      return new S3ObjectStore(uri, options);
    }
    if (CloudLocation.isCloud(uri)) {
      return CloudObjectStore.open(uri, options);
    }
    return HttpLocation.isHttp(uri)
        ? new HttpObjectStore(uri, options)
        : new FileObjectStore(uri, localPath(uri));
  }

  /**
   * Opens the source of a run, whose scenes may refer to objects in other buckets and on other web
   * servers by their whole URIs.
   *
   * @param uri as for {@link #open(String, StoreOptions)}; an empty text if all names are whole
   *     URIs
   * @param options for all of its stores
   * @param rules which other stores are read
   * @return the store, which the caller closes
   * @throws ConfigurationException also if it is a path without a directory
   */
  public static ObjectStore openSource(String uri, StoreOptions options, SourceRules rules) {
    StoreOptions named = rules.forNamed(options);
    if (uri.isEmpty()) {
      return new RoutingObjectStore(new NoObjectStore(), named.withoutSourceCredentials(), rules);
    }
    if (!isRemote(uri) && !Files.isDirectory(localPath(uri))) {
      throw new ConfigurationException(
          Mismatch.of(
              "--source " + uri,
              "a directory or a bucket",
              Files.exists(localPath(uri)) ? "a file" : "nothing there; correct the path"));
    }
    return new RoutingObjectStore(open(uri, named), named, rules);
  }

  /**
   * {@return whether a URI names a bucket or a web server, and not a file of this machine}
   *
   * @param uri {@code s3://…}, {@code https://…}, {@code file:…} or a plain path
   */
  public static boolean isRemote(String uri) {
    return isBucket(uri) || HttpLocation.isHttp(uri);
  }

  /**
   * {@return whether a URI names a bucket, and not a directory of this machine}
   *
   * @param uri {@code s3://…}, {@code https://…}, {@code file:…} or a plain path
   */
  public static boolean isBucket(String uri) {
    return RemoteName.isBucket(uri);
  }

  /**
   * {@return the name of the permission to list a bucket or container, for messages}
   *
   * @param uri {@code s3://…}, {@code gs://…} or {@code az://…}
   */
  public static String listPermission(String uri) {
    return CloudLocation.isGoogle(uri)
        ? "storage.objects.list"
        : CloudLocation.isAzure(uri) ? "Storage Blob Data Contributor" : "s3:ListBucket";
  }

  /**
   * Opens a store with {@link StoreOptions#standard}.
   *
   * @param uri {@code s3://…}, {@code https://…}, {@code file:…} or a plain path
   * @return the store, which the caller closes
   */
  public static ObjectStore open(String uri) {
    return open(uri, StoreOptions.standard());
  }

  /**
   * Opens one object to be read once, front to back.
   *
   * @param uri {@code s3://BUCKET/KEY}, {@code gs://BUCKET/KEY}, {@code az://CONTAINER/KEY}, {@code
   *     https://HOST/PATH}, {@code file:…} or a plain path
   * @param options for a bucket or web server
   * @return the content, which the caller closes
   * @throws NoSuchFileException if there is no such object
   * @throws ConfigurationException if it is a directory
   */
  public static InputStream stream(String uri, StoreOptions options) throws IOException {
    if (!isRemote(uri)) {
      Path file = localPath(uri);
      if (Files.isDirectory(file)) {
        throw new ConfigurationException(uri + ": expected a file, found a directory");
      }
      // Any file that can be read once, pipes included.
      return Files.newInputStream(file);
    }
    ObjectStore store = open(parent(uri), options);
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

  /**
   * {@return the names of objects and directories directly below a directory or key prefix; empty
   * if there is no such directory}
   *
   * @param uri {@code s3://…}, {@code https://…}, {@code file:…} or a plain path
   * @param options for a bucket or web server
   * @throws IOException if it cannot be listed
   */
  public static List<String> list(String uri, StoreOptions options) throws IOException {
    try (ObjectStore store = open(uri, options)) {
      return store.list("");
    }
  }

  /**
   * {@return a URI for a log, with credentials in it masked}
   *
   * @param uri {@code s3://…}, {@code https://…}, {@code file:…} or a plain path
   */
  public static String redacted(String uri) {
    // A container and its account are no credentials.
    String masked = CloudLocation.isAzure(uri) ? uri : uri.replaceFirst("://[^/@\\s]+@", "://***@");
    int query = HttpLocation.isHttp(uri) ? masked.indexOf('?') : -1;
    return query < 0 ? masked : masked.substring(0, query) + "?***";
  }

  /**
   * {@return the URI up to the name of an object}
   *
   * @param uri of the object
   */
  public static String parent(String uri) {
    return uri.substring(0, nameStart(uri));
  }

  /** A slash in a query is not part of the path. */
  private static int nameStart(String uri) {
    int query = HttpLocation.isHttp(uri) ? uri.indexOf('?') : -1;
    return uri.lastIndexOf('/', query < 0 ? uri.length() : query) + 1;
  }

  /**
   * {@return the name of an object in its directory, with the query of a URL}
   *
   * @param uri of the object
   */
  public static String name(String uri) {
    String name = uri.substring(nameStart(uri));
    if (name.isEmpty() || parent(uri).endsWith("://")) {
      throw new ConfigurationException(
          Mismatch.of(
              "object",
              "s3://BUCKET/KEY, gs://BUCKET/KEY, az://CONTAINER/KEY or https://HOST/PATH",
              redacted(uri)));
    }
    return name;
  }

  /**
   * {@return the version of a file of this machine: another one if it was changed or replaced}
   *
   * @param file path of the file
   * @throws IOException if there is no such file
   */
  public static String localVersion(Path file) throws IOException {
    BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
    return now.size() + " bytes of " + now.lastModifiedTime() + ", file " + now.fileKey();
  }

  /**
   * {@return the path of a {@code file:} URI or a plain path}
   *
   * @param uri {@code s3://…}, {@code https://…}, {@code file:…} or a plain path
   * @throws ConfigurationException for any other scheme
   */
  public static Path localPath(String uri) {
    int colon = uri.indexOf(':');
    // A colon in a name below another directory begins no scheme.
    boolean named = colon > 1 && uri.lastIndexOf('/', colon) < 0;
    String scheme = named ? uri.substring(0, colon).toLowerCase(Locale.ROOT) : "file";
    if (!scheme.equals("file")) {
      throw new ConfigurationException(
          Mismatch.of(
              redacted(uri),
              "s3://BUCKET, gs://BUCKET, az://CONTAINER, https://HOST, a path or a file: URI",
              "scheme '" + scheme + "', which is not supported"));
    }
    String path = named ? uri.substring(colon + 1).replaceFirst("^//(?=/)", "") : uri;
    try {
      return Path.of(path);
    } catch (InvalidPathException e) {
      throw new ConfigurationException(uri + ": invalid path: " + e.getReason(), e);
    }
  }
}
