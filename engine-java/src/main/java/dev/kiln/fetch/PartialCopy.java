package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.io.Sha256;
import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sparse local copy of a remote object, of which only requested bytes are fetched. It survives
 * the process: a journal beside it lists the bytes that it holds with their checksums, and the
 * version of the object. Used by one thread of one process.
 */
public final class PartialCopy implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PartialCopy.class);
  private static final String FORMAT = "kiln-partial-copy-1";

  /** Fetched at once, in memory, and lost if the process ends before they are written. */
  private static final long WINDOW_BYTES = 128L << 20;

  /** What fits beside the first bytes of the object, in the same memory. */
  private static final long SMALL_BYTES = 8L << 20;

  private static final int CHECK_BYTES = 8 << 20;

  private final ObjectStore store;
  private final String key;
  private final Path file;
  private final FileChannel data;
  private final FileChannel journal;
  private final SparseObject head;
  private final RangeSet held = new RangeSet();
  private long resumed;

  private PartialCopy(
      ObjectStore store,
      String key,
      Path file,
      FileChannel data,
      FileChannel journal,
      SparseObject head) {
    this.store = store;
    this.key = key;
    this.file = file;
    this.data = data;
    this.journal = journal;
    this.head = head;
  }

  /**
   * Opens the copy of an object; continues an earlier one of the same version.
   *
   * @param uri of the object
   * @param options how its store is reached
   * @param file the copy; the journal is beside it
   * @return the copy, which the caller closes
   * @throws ConfigurationException if another process uses the copy
   * @throws IOException if the object cannot be read or the copy not written
   * @throws InterruptedException if the thread was interrupted
   */
  public static PartialCopy open(String uri, StoreOptions options, Path file)
      throws IOException, InterruptedException {
    String key = ObjectStores.name(uri);
    ObjectStore store = ObjectStores.open(ObjectStores.parent(uri), options);
    List<AutoCloseable> opened = new ArrayList<>(List.of(store));
    try {
      SparseObject head = store.open(List.of(key)).get(0);
      opened.add(head);
      FileChannel journal = channel(journal(file));
      opened.add(journal);
      lock(journal, file);
      FileChannel data = channel(file);
      opened.add(data);
      PartialCopy copy = new PartialCopy(store, key, file, data, journal, head);
      copy.resume();
      return copy;
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      for (int i = opened.size() - 1; i >= 0; i--) {
        closeQuietly(opened.get(i));
      }
      throw e;
    }
  }

  private static Path journal(Path file) {
    return file.resolveSibling(file.getFileName() + ".journal");
  }

  private static FileChannel channel(Path file) throws IOException {
    return FileChannel.open(
        file,
        StandardOpenOption.CREATE,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE,
        StandardOpenOption.SPARSE);
  }

  private static void lock(FileChannel journal, Path file) throws IOException {
    try {
      if (journal.tryLock() != null) {
        return;
      }
    } catch (OverlappingFileLockException e) {
      throw new ConfigurationException(file + ": another process fetches it", e);
    }
    throw new ConfigurationException(file + ": another process fetches it");
  }

  private static void closeQuietly(AutoCloseable opened) {
    try {
      opened.close();
    } catch (Exception e) {
      log.debug("closing failed", e);
    }
  }

  /** The first line of the journal. */
  private String title() {
    return FORMAT
        + " "
        + head.size()
        + " "
        + Sha256.hex((store.uri(key) + "\n" + head.version()).getBytes(StandardCharsets.UTF_8));
  }

  private void resume() throws IOException {
    String text = new String(readAll(journal), StandardCharsets.UTF_8);
    // A line without an end was being written when the process ended.
    List<String> lines = text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    if (lines.isEmpty() || !lines.get(0).equals(title())) {
      if (!lines.isEmpty()) {
        log.info("object changed, fetching it from the start: object={}", store.uri(key));
      }
      journal.truncate(0);
      data.truncate(0);
      // Extends the file without allocating it.
      data.write(ByteBuffer.wrap(new byte[1]), head.size() - 1);
      data.truncate(head.size());
      append(title());
      return;
    }
    for (String line : lines.subList(1, lines.size())) {
      String[] fields = line.split(" ");
      ByteRange range = new ByteRange(Long.parseLong(fields[0]), Long.parseLong(fields[1]));
      if (range.end() <= data.size() && checksum(range).equals(fields[2])) {
        held.add(range);
      } else {
        log.warn(
            "damaged bytes are fetched again: file={} first={} end={}",
            file,
            range.offset(),
            range.end());
      }
    }
    resumed = held.bytes();
    if (resumed > 0) {
      log.info("fetch resumed: object={} bytes={}", store.uri(key), resumed);
    }
  }

  private static byte[] readAll(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(channel.size()));
    while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) >= 0) {
      // Reads on.
    }
    return bytes.array();
  }

  private String checksum(ByteRange range) throws IOException {
    CRC32C crc = new CRC32C();
    ByteBuffer piece = ByteBuffer.allocate((int) Math.min(CHECK_BYTES, range.length()));
    for (long at = range.offset(); at < range.end(); ) {
      piece.clear().limit((int) Math.min(piece.capacity(), range.end() - at));
      int n = data.read(piece, at);
      if (n < 0) {
        return "";
      }
      crc.update(piece.flip());
      at += n;
    }
    return Long.toHexString(crc.getValue());
  }

  private void append(String line) throws IOException {
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(line + "\n");
    while (bytes.hasRemaining()) {
      journal.write(bytes, journal.size());
    }
    journal.force(false);
  }

  /** {@return the file, which has the object's size; only fetched bytes are valid} */
  public Path path() {
    return file;
  }

  /** {@return the full name of the object} */
  public String uri() {
    return store.uri(key);
  }

  /** {@return the size of the whole object in bytes} */
  public long size() {
    return head.size();
  }

  /** {@return the number of bytes that an earlier process had fetched} */
  public long resumed() {
    return resumed;
  }

  /** {@return the requests and bytes so far, by any thread} */
  public Traffic.Counts traffic() {
    return store.traffic();
  }

  /**
   * {@return how many bytes of some ranges are still to be fetched}
   *
   * @param ranges within the object
   */
  public long missing(List<ByteRange> ranges) {
    return missingOf(ranges).bytes();
  }

  private RangeSet missingOf(List<ByteRange> ranges) {
    RangeSet missing = new RangeSet();
    ranges.forEach(range -> held.missing(range).forEach(missing::add));
    return missing;
  }

  /**
   * Fetches the bytes of some ranges that the copy does not hold yet.
   *
   * @param ranges within the object
   * @throws ConfigurationException if the disk has no room for them
   * @throws IOException if they cannot be fetched or written; what was written stays
   * @throws InterruptedException if the thread was interrupted
   */
  public void fetch(List<ByteRange> ranges) throws IOException, InterruptedException {
    RangeSet missing = missingOf(ranges);
    // Not of the FileStore, which exists only for mount points that this process sees.
    long free = file.toFile().getUsableSpace();
    if (missing.bytes() > free) {
      throw new ConfigurationException(
          Mismatch.of(
              file + ": free space",
              "%,d bytes".formatted(missing.bytes()),
              "%,d".formatted(free)));
    }
    if (missing.bytes() <= SMALL_BYTES) {
      fetch(head, missing.ranges());
      return;
    }
    List<ByteRange> window = new ArrayList<>();
    long bytes = 0;
    for (ByteRange range : missing.ranges()) {
      for (long at = range.offset(); at < range.end(); ) {
        long length = Math.min(range.end() - at, WINDOW_BYTES - bytes);
        window.add(new ByteRange(at, length));
        bytes += length;
        at += length;
        if (bytes == WINDOW_BYTES) {
          fetchWindow(window);
          window.clear();
          bytes = 0;
        }
      }
    }
    if (!window.isEmpty()) {
      fetchWindow(window);
    }
  }

  /** Fetches into temporary memory, which is freed afterwards. */
  private void fetchWindow(List<ByteRange> window) throws IOException, InterruptedException {
    try (SparseObject object = store.open(List.of(key)).get(0)) {
      if (!object.version().equals(head.version())) {
        throw new ObjectChangedException(store.uri(key));
      }
      fetch(object, window);
    }
  }

  private void fetch(SparseObject object, List<ByteRange> ranges)
      throws IOException, InterruptedException {
    RangePlan plan = object.plan(ranges);
    store.fetch(List.of(plan));
    RangeSet written = new RangeSet(ranges);
    plan.ranges().forEach(written::add);
    List<String> lines = new ArrayList<>();
    for (ByteRange range : written.ranges()) {
      CRC32C crc = new CRC32C();
      for (long at = range.offset(); at < range.end(); at += CHECK_BYTES) {
        int length = (int) Math.min(CHECK_BYTES, range.end() - at);
        ByteBuffer piece = object.buffer().slice(at, length);
        crc.update(piece.duplicate());
        for (long to = at; piece.hasRemaining(); ) {
          to += data.write(piece, to);
        }
      }
      lines.add(range.offset() + " " + range.length() + " " + Long.toHexString(crc.getValue()));
    }
    if (lines.isEmpty()) {
      return;
    }
    data.force(false);
    append(String.join("\n", lines));
    written.ranges().forEach(held::add);
  }

  /**
   * Deletes the copy and its journal; close it afterwards.
   *
   * @throws IOException if they cannot be deleted
   */
  public void delete() throws IOException {
    Files.deleteIfExists(file);
    Files.deleteIfExists(journal(file));
  }

  @Override
  public void close() {
    closeQuietly(head);
    closeQuietly(data);
    closeQuietly(journal);
    closeQuietly(store);
  }
}
