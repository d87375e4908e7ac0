package dev.kiln.fetch;

import dev.kiln.memory.ByteRange;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A directory of the local file system. A read of one range counts as a request. */
final class FileObjectStore implements ObjectStore {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);
  private static final int READ_BYTES = 16 << 20;

  /** Suffixes that replace that of an image. */
  private static final List<String> WORLD_FILES =
      List.of(".tfw", ".TFW", ".tifw", ".tiffw", ".wld", ".WLD", ".tab", ".TAB");

  private final String root;
  private final Path directory;
  private final Traffic traffic = new Traffic();
  private final AbandonedFiles abandoned = new AbandonedFiles();
  private final RenamedFiles renames = new RenamedFiles();

  /**
   * Creates a store.
   *
   * @param root as the user gave it
   * @param directory the root's path; need not exist yet
   */
  FileObjectStore(String root, Path directory) {
    this.root = root;
    this.directory = directory;
  }

  @Override
  public String root() {
    return root;
  }

  @Override
  public String uri(String key) {
    try {
      return path(key).toAbsolutePath().normalize().toString();
    } catch (IOException e) {
      return root + "/" + key;
    }
  }

  /** Returns the path of a key; refuses keys that lead out of the directory or name no file. */
  private Path path(String key) throws IOException {
    if (HttpLocation.isHttp(key)) {
      throw new AccessDeniedException(
          ObjectStores.redacted(key), null, "a directory is read without web servers");
    }
    // A directory mirrors buckets by key.
    String relative = RemoteName.of(key).map(RemoteName::key).orElse(key);
    Path path;
    try {
      path = directory.resolve(relative);
    } catch (InvalidPathException e) {
      throw new UnreadableObjectException(root + "/" + key, "invalid file name: " + e.getReason());
    }
    Path base = directory.toAbsolutePath().normalize();
    if (relative.startsWith("/") || !path.toAbsolutePath().normalize().startsWith(base)) {
      throw new AccessDeniedException(root + "/" + key, null, "the key leads out of " + root);
    }
    return path;
  }

  /** An operation on an open file. */
  private interface Operation<T> {
    T apply(FileChannel file) throws IOException;
  }

  private <T> T withFile(String key, Operation<T> operation)
      throws IOException, InterruptedException {
    try {
      requireRegular(key);
      try (FileChannel file = FileChannel.open(path(key), StandardOpenOption.READ)) {
        return operation.apply(file);
      }
    } catch (ClosedByInterruptException e) {
      throw new InterruptedException("reading " + key);
    } catch (IOException e) {
      throw error(key, e);
    }
  }

  /**
   * Refuses what is not a regular file, because opening a FIFO waits for a writer, perhaps for
   * ever; and links to files outside the directory.
   */
  private void requireRegular(String key) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(path(key), BasicFileAttributes.class);
    if (!attributes.isRegularFile()) {
      throw new UnreadableObjectException(
          uri(key),
          "expected a regular file, found a "
              + (attributes.isDirectory() ? "directory" : "pipe, socket or device"));
    }
    if (!path(key).toRealPath().startsWith(directory.toRealPath())) {
      throw new AccessDeniedException(
          uri(key), null, "the file is a link that leads out of " + root + ": copy it there");
    }
  }

  private IOException error(String key, IOException e) {
    if (e instanceof UnavailableException
        || e instanceof UnreadableObjectException
        || e instanceof ObjectChangedException
        || e instanceof AccessDeniedException denied && denied.getReason() != null) {
      return e;
    }
    String reason = e instanceof FileSystemException failed ? failed.getReason() : null;
    IOException named;
    if (e instanceof NoSuchFileException || "Not a directory".equals(reason)) {
      named = new NoSuchFileException(uri(key), null, "no such object under " + root);
    } else if (e instanceof AccessDeniedException) {
      named = new AccessDeniedException(uri(key), null, "permission denied: make it readable");
    } else if ("File name too long".equals(reason)) {
      named = new UnreadableObjectException(uri(key), "the file name is too long");
    } else {
      return new UnavailableException(uri(key), "reading failed: " + e.getMessage(), e);
    }
    named.initCause(e);
    return named;
  }

  @Override
  public List<SparseObject> open(List<String> keys) throws IOException, InterruptedException {
    List<SparseObject> objects = new ArrayList<>();
    try {
      for (String key : keys) {
        objects.add(withFile(key, file -> open(key, file)));
      }
      return objects;
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      ObjectStore.closeAll(objects);
      throw e;
    }
  }

  private SparseObject open(String key, FileChannel file) throws IOException {
    String version = version(key);
    long size = file.size();
    ByteBuffer head = ByteBuffer.allocate((int) Math.min(HEAD_BYTES, size));
    read(file, key, 0, head);
    return SparseObject.open(this, key, version, size, head.flip());
  }

  @Override
  public FilesBeside beside(String key) throws IOException {
    String auxiliary = key + FilesBeside.AUXILIARY;
    return new FilesBeside(
        isFile(auxiliary) ? Optional.of(read(auxiliary)) : Optional.empty(),
        isFile(key + FilesBeside.MASK),
        () -> worldFile(key));
  }

  /** Returns the name of the world file of an image. */
  private Optional<String> worldFile(String key) {
    int dot = key.lastIndexOf('.');
    String stem = dot > key.lastIndexOf('/') ? key.substring(0, dot) : key;
    return WORLD_FILES.stream()
        .map(suffix -> stem + suffix)
        .filter(this::isFile)
        .findFirst()
        .map(found -> found.substring(found.lastIndexOf('/') + 1));
  }

  private String version(String key) throws IOException {
    return ObjectStores.localVersion(path(key));
  }

  @Override
  public void fetch(Collection<RangePlan> plans) throws IOException, InterruptedException {
    for (RangePlan plan : plans) {
      fetch(plan);
    }
  }

  private void fetch(RangePlan plan) throws IOException, InterruptedException {
    SparseObject object = plan.object();
    String key = object.key();
    String now =
        withFile(
            key,
            file -> {
              for (ByteRange range : plan.ranges()) {
                for (long at = range.offset(); at < range.end(); at += READ_BYTES) {
                  int length = (int) Math.min(READ_BYTES, range.end() - at);
                  read(file, key, at, object.buffer().slice(at, length));
                }
              }
              return version(key);
            });
    if (!now.equals(object.version())) {
      throw new ObjectChangedException(uri(key));
    }
    plan.ranges().forEach(object::addHeld);
  }

  private void read(FileChannel file, String key, long offset, ByteBuffer target)
      throws IOException {
    traffic.request();
    traffic.read(target.remaining());
    long at = offset;
    while (target.hasRemaining()) {
      int n = file.read(target, at);
      if (n < 0) {
        throw new ObjectChangedException(uri(key));
      }
      at += n;
    }
  }

  @Override
  public InputStream stream(String key) throws IOException {
    traffic.request();
    try {
      requireRegular(key);
      return new CountedStream(Files.newInputStream(path(key)), key);
    } catch (IOException e) {
      throw error(key, e);
    }
  }

  /** Counts the bytes that are read and names the file in errors. */
  private final class CountedStream extends FilterInputStream {
    private final String key;

    CountedStream(InputStream in, String key) {
      super(in);
      this.key = key;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      try {
        int n = super.read(target, offset, length);
        traffic.read(Math.max(n, 0));
        return n;
      } catch (ClosedByInterruptException e) {
        throw e;
      } catch (IOException e) {
        throw error(key, e);
      }
    }
  }

  @Override
  public Set<String> existing(Collection<String> keys) {
    return keys.stream().filter(this::isFile).collect(Collectors.toUnmodifiableSet());
  }

  private boolean isFile(String key) {
    try {
      return Files.isRegularFile(path(key));
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public List<String> list(String subdirectory) throws IOException {
    Path path = path(subdirectory);
    if (!Files.isDirectory(path)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(path)) {
      return entries.map(entry -> entry.getFileName().toString()).toList();
    }
  }

  @Override
  public void put(String key, byte[] bytes) throws IOException {
    try (ObjectWriter writer = write(key)) {
      writer.write(bytes);
      writer.complete();
    }
    // Reports count files that were written before.
    renames.sync();
  }

  @Override
  public ObjectWriter write(String key) throws IOException {
    return new FileObjectWriter(path(key), traffic, abandoned, renames);
  }

  @Override
  public void delete(String key) throws IOException {
    traffic.request();
    Files.deleteIfExists(path(key));
  }

  @Override
  public Traffic.Counts traffic() {
    return traffic.counts();
  }

  @Override
  public void close() {
    try {
      renames.sync();
    } catch (IOException e) {
      log.warn("cannot sync directories: store={} reason=\"{}\"", root, e.toString());
    }
  }
}
