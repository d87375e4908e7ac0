package dev.kiln.catalog;

import dev.kiln.archive.ObjectRef;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the documents of a catalogue are: in a local directory, of which only files below it are
 * read, or in a bucket or on a web server. Documents in other buckets are read too, and those on
 * other web servers if they are allowed. Names are relative to the directory, or whole URIs.
 */
final class CatalogStore implements AutoCloseable {
  private final Optional<Path> directory;
  private final String source;
  private final String rootName;
  private final Optional<ObjectStore> local;
  private final ObjectStore remote;

  private CatalogStore(
      Optional<Path> directory,
      String source,
      String rootName,
      Optional<ObjectStore> local,
      ObjectStore remote) {
    this.directory = directory;
    this.source = source;
    this.rootName = rootName;
    this.local = local;
    this.remote = remote;
  }

  /**
   * Opens the store of a document.
   *
   * @param uri of the document: a path, or the URI of an object
   * @param options how stores are reached
   * @param rules which web servers are read besides that of the document
   */
  static CatalogStore of(String uri, StoreOptions options, SourceRules rules) {
    SourceRules everywhere = new SourceRules(false, rules.allowedHosts());
    if (!ObjectStores.isRemote(uri)) {
      Path file = ObjectStores.localPath(uri).toAbsolutePath();
      Path directory = file.getParent().normalize();
      return new CatalogStore(
          Optional.of(directory),
          directory.toString(),
          file.getFileName().toString(),
          Optional.of(ObjectStores.open(directory.toString(), options)),
          ObjectStores.openSource("", options, everywhere));
    }
    String root =
        ObjectStores.isBucket(uri)
            ? uri.replaceFirst("(://[^/]*).*", "$1")
            : URI.create(uri).resolve("/").toString().replaceFirst("/$", "");
    return new CatalogStore(
        Optional.empty(),
        root,
        uri,
        Optional.empty(),
        ObjectStores.openSource(root, options, everywhere));
  }

  /**
   * Opens the store of a directory.
   *
   * @param uri of a local directory, or a prefix of a bucket
   * @param options how stores are reached
   * @param rules which web servers are read
   */
  static CatalogStore ofDirectory(String uri, StoreOptions options, SourceRules rules) {
    return of(uri.replaceFirst("/+$", "") + "/.", options, rules);
  }

  /** {@return the name of a file below the document or directory that the store was opened for} */
  String below(String relative) {
    return isLocal() ? relative : rootName.substring(0, rootName.lastIndexOf('/') + 1) + relative;
  }

  /** {@return whether a document exists} */
  boolean exists(String name) throws IOException {
    return store(name).exists(name);
  }

  /** {@return the name of the document that the store was opened for} */
  String rootName() {
    return rootName;
  }

  /** {@return the directory, bucket or web server of the catalogue} */
  String source() {
    return source;
  }

  /** {@return whether the catalogue is on this machine} */
  boolean isLocal() {
    return directory.isPresent();
  }

  /** {@return whether a name is that of a file in the catalogue's directory} */
  static boolean isRelative(String name) {
    return ObjectRef.of(name).isEmpty();
  }

  /**
   * Resolves a link.
   *
   * @param from name of the document with the link
   * @param href of the link
   * @return the name of the document that it leads to
   * @throws SceneException if it leads out of the catalogue's directory or bucket, or from another
   *     machine to this one
   */
  String resolve(String from, String href) throws SceneException {
    String name = ObjectRef.resolve(from, href).name();
    if (!name.startsWith("file:")) {
      return name;
    }
    Path file = ObjectStores.localPath(name).normalize();
    if (directory.isEmpty() || !isRelative(from) || !file.startsWith(directory.get())) {
      throw SceneException.permanent(from, "link '" + href + "' leads out of the catalogue");
    }
    return directory.get().relativize(file).toString();
  }

  private ObjectStore store(String name) {
    return isRelative(name) && local.isPresent() ? local.get() : remote;
  }

  /**
   * Reads a document whole.
   *
   * @param name of the document
   * @throws IOException if it cannot be read or is larger than 64 MiB
   */
  byte[] read(String name) throws IOException {
    return store(name).read(name);
  }

  /** Opens a document to be read once; the caller closes it. */
  InputStream stream(String name) throws IOException {
    return store(name).stream(name);
  }

  /** {@return the full name of a document, for messages} */
  String uri(String name) {
    return store(name).uri(name);
  }

  /** {@return the store that a document is read from} Borrowed. */
  ObjectStore storeOf(String name) {
    return store(name);
  }

  @Override
  public void close() {
    local.ifPresent(ObjectStore::close);
    remote.close();
  }
}
