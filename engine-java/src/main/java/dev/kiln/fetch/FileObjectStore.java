package dev.kiln.fetch;

import dev.kiln.error.SceneException;
import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A folder of the local file system. A read of one range counts as a request. */
final class FileObjectStore implements ObjectStore {
  private static final int READ_BYTES = 16 << 20;

  /** An unfinished write older than this was left by a process that died. */
  private static final Duration ABANDONED = Duration.ofMinutes(10);

  private static final AtomicLong SERIAL = new AtomicLong();

  private final String root;
  private final Path folder;
  private final Traffic traffic = new Traffic();

  FileObjectStore(String root, Path folder) {
    this.root = root;
    this.folder = folder;
  }

  @Override
  public String root() {
    return root;
  }

  @Override
  public String uri(String key) {
    return path(key).toAbsolutePath().normalize().toString();
  }

  private Path path(String key) {
    return folder.resolve(key);
  }

  /** What is done with an open file. */
  private interface Use<T> {
    T apply(FileChannel file) throws IOException, SceneException;
  }

  private <T> T use(String key, Use<T> use) throws SceneException, InterruptedException {
    try (FileChannel file = FileChannel.open(path(key), StandardOpenOption.READ)) {
      return use.apply(file);
    } catch (ClosedByInterruptException e) {
      throw new InterruptedException("reading " + key);
    } catch (NoSuchFileException | NotDirectoryException e) {
      throw noSuchObject(key, e);
    } catch (IOException e) {
      if (Files.isDirectory(path(key))) {
        throw SceneException.permanent(key, "a folder under " + root + ", an object expected", e);
      }
      throw SceneException.transientError(key, "reading failed: " + e.getMessage(), e);
    }
  }

  @Override
  public List<SparseObject> open(List<String> keys) throws SceneException, InterruptedException {
    List<SparseObject> objects = new ArrayList<>();
    try {
      for (String key : keys) {
        objects.add(use(key, file -> open(key, file)));
      }
      return objects;
    } catch (InterruptedException | RuntimeException | Error e) {
      ObjectStore.closeAll(objects);
      throw e;
    }
  }

  private SparseObject open(String key, FileChannel file) throws IOException, SceneException {
    String version = version(key);
    long size = file.size();
    ByteBuffer head = ByteBuffer.allocate((int) Math.min(HEAD_BYTES, size));
    read(file, key, 0, head);
    return SparseObject.begin(this, key, version, size, head.flip());
  }

  private String version(String key) throws IOException {
    BasicFileAttributes now = Files.readAttributes(path(key), BasicFileAttributes.class);
    return now.size() + " bytes of " + now.lastModifiedTime() + ", file " + now.fileKey();
  }

  @Override
  public void fetch(Collection<RangePlan> plans) throws SceneException, InterruptedException {
    for (RangePlan plan : plans) {
      fetch(plan);
    }
  }

  private void fetch(RangePlan plan) throws SceneException, InterruptedException {
    SparseObject object = plan.object();
    String key = object.key();
    String now =
        use(
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
      throw SceneException.transientError(key, "the object changed while it was read", null);
    }
    plan.ranges().forEach(object::hold);
  }

  private void read(FileChannel file, String key, long offset, ByteBuffer into)
      throws IOException, SceneException {
    traffic.request();
    traffic.read(into.remaining());
    long at = offset;
    while (into.hasRemaining()) {
      int n = file.read(into, at);
      if (n < 0) {
        throw SceneException.transientError(
            key, "ended after " + at + " bytes while it was read", null);
      }
      at += n;
    }
  }

  @Override
  public byte[] read(String key) throws SceneException {
    traffic.request();
    try {
      byte[] bytes = Files.readAllBytes(path(key));
      traffic.read(bytes.length);
      return bytes;
    } catch (NoSuchFileException | NotDirectoryException e) {
      throw noSuchObject(key, e);
    } catch (IOException e) {
      throw SceneException.transientError(key, "reading failed: " + e.getMessage(), e);
    }
  }

  private SceneException noSuchObject(String key, IOException e) {
    return SceneException.permanent(key, "no such object under " + root, e);
  }

  @Override
  public InputStream stream(String key) throws IOException {
    traffic.request();
    return Files.newInputStream(path(key));
  }

  @Override
  public Set<String> existing(Collection<String> keys) {
    return keys.stream()
        .filter(key -> Files.isRegularFile(path(key)))
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public List<String> list(String subfolder) throws IOException {
    Path path = path(subfolder);
    if (!Files.isDirectory(path)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(path)) {
      return entries.map(entry -> entry.getFileName().toString()).toList();
    }
  }

  /** Written aside, synced, renamed, and the rename synced: the key names whole bytes only. */
  @Override
  public void put(String key, byte[] bytes) throws IOException {
    Path target = path(key);
    Path parent = target.toAbsolutePath().getParent();
    Files.createDirectories(parent);
    String prefix = "." + target.getFileName() + ".";
    removeAbandoned(parent, prefix);
    Path aside =
        parent.resolve(
            prefix + ProcessHandle.current().pid() + "-" + SERIAL.incrementAndGet() + ".part");
    try {
      try (FileChannel file =
          FileChannel.open(aside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        while (rest.hasRemaining()) {
          file.write(rest);
        }
        file.force(true);
      }
      Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | RuntimeException | Error e) {
      Files.deleteIfExists(aside);
      throw e;
    }
    try (FileChannel directory = FileChannel.open(parent, StandardOpenOption.READ)) {
      directory.force(true);
    }
    traffic.request();
    traffic.written(bytes.length);
  }

  private static void removeAbandoned(Path parent, String prefix) throws IOException {
    FileTime limit = FileTime.from(Instant.now().minus(ABANDONED));
    try (DirectoryStream<Path> parts =
        Files.newDirectoryStream(
            parent,
            p -> {
              String name = p.getFileName().toString();
              return name.startsWith(prefix) && name.endsWith(".part");
            })) {
      for (Path part : parts) {
        if (Files.getLastModifiedTime(part).compareTo(limit) < 0) {
          Files.deleteIfExists(part);
        }
      }
    }
  }

  @Override
  public Traffic.Counts traffic() {
    return traffic.counts();
  }

  @Override
  public void close() {}
}
