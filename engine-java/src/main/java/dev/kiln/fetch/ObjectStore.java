package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Objects under one root, by key: a bucket, a web server, or a directory that mirrors one. Keys use
 * {@code /}. Safe for use by several threads.
 *
 * <p>Transient errors are retried inside, within {@link RequestLimits}. What then fails for one
 * object is a {@link java.nio.file.FileSystemException} whose file is the object's {@link #uri} and
 * whose reason is one line:
 *
 * <ul>
 *   <li>{@link NoSuchFileException}: there is no such object;
 *   <li>{@link AccessDeniedException}: the credentials or file permissions do not suffice;
 *   <li>{@link UnreadableObjectException}: the object exists but cannot be read;
 *   <li>{@link ObjectChangedException}: the object is no longer the version that was opened;
 *   <li>{@link UnavailableException}: the request failed; a later attempt can succeed.
 * </ul>
 *
 * <p>An error of the store as a whole, such as refused credentials, is a {@link
 * ConfigurationException} from any method.
 */
public interface ObjectStore extends AutoCloseable {
  /** Number of bytes that {@link #open} reads: the directories of most COGs. */
  int HEAD_BYTES = 64 << 10;

  /** Size limit of {@link #read} in bytes. */
  int MAX_READ_BYTES = 64 << 20;

  /** {@return the root as the user gave it, for messages} */
  String root();

  /**
   * {@return the full name of an object: {@code s3://naip-analytic/nd/…} or an absolute path}
   *
   * @param key of the object
   */
  String uri(String key);

  /**
   * Opens objects to be read in part, with one request each, all at once. Their first {@link
   * #HEAD_BYTES} are read, too.
   *
   * @param keys of the objects
   * @return one per key, in the same order; the caller owns and closes them
   * @throws IOException if an object cannot be opened; none is open then
   * @throws InterruptedException if the thread is interrupted
   */
  List<SparseObject> open(List<String> keys) throws IOException, InterruptedException;

  /**
   * Finds what is beside an image, if that takes no request.
   *
   * @param key of the image
   * @return what is there; {@link FilesBeside#NONE} unless the store is a directory
   * @throws IOException if a file beside the image cannot be read
   */
  default FilesBeside beside(String key) throws IOException {
    return FilesBeside.NONE;
  }

  /**
   * Fetches the planned ranges of any number of objects of this store, all at once.
   *
   * @param plans for objects that this store opened
   * @throws IOException if a range cannot be read. Some of the bytes may have arrived.
   * @throws InterruptedException if the thread is interrupted
   */
  void fetch(Collection<RangePlan> plans) throws IOException, InterruptedException;

  /**
   * Reads a small object, such as a STAC item, whole.
   *
   * @param key of the object
   * @return its content
   * @throws UnreadableObjectException if it is larger than {@link #MAX_READ_BYTES}
   * @throws IOException if it cannot be read
   */
  default byte[] read(String key) throws IOException {
    try (InputStream in = stream(key)) {
      byte[] bytes = in.readNBytes(MAX_READ_BYTES + 1);
      if (bytes.length > MAX_READ_BYTES) {
        throw new UnreadableObjectException(
            uri(key), "expected at most %,d bytes, found more".formatted(MAX_READ_BYTES));
      }
      return bytes;
    }
  }

  /**
   * Opens an object to be read once, front to back.
   *
   * @param key of the object
   * @return the content, which the caller closes
   * @throws NoSuchFileException if there is no such object
   * @throws IOException if it cannot be opened
   */
  InputStream stream(String key) throws IOException;

  /**
   * {@return whether an object exists}
   *
   * @param key of the object
   * @throws IOException if the store cannot be queried
   */
  default boolean exists(String key) throws IOException {
    return existing(List.of(key)).contains(key);
  }

  /**
   * {@return those of the keys whose objects exist} For many keys far faster than one by one.
   *
   * @param keys of the objects
   * @throws IOException if the store cannot be queried
   */
  Set<String> existing(Collection<String> keys) throws IOException;

  /**
   * {@return the names of objects and directories directly below a directory or key prefix, without
   * slashes; empty if there is no such directory}
   *
   * @param directory key prefix, with or without a slash at its end; empty for the root
   * @throws IOException if the store cannot be listed
   */
  List<String> list(String directory) throws IOException;

  /**
   * Writes a whole object. Under its key the object exists whole or not at all at any time.
   *
   * @param key of the object
   * @param bytes of the object
   * @throws IOException if it cannot be written
   */
  void put(String key, byte[] bytes) throws IOException;

  /**
   * Starts to write an object front to back. As with {@link #put}, it appears whole or not at all.
   * Stores that cannot take an object in pieces collect it in memory.
   *
   * @param key of the object
   * @return the object, owned by the caller
   * @throws IOException if it cannot be written
   */
  default ObjectWriter write(String key) throws IOException {
    return new BufferedObjectWriter(this, key);
  }

  /**
   * Deletes an object; does nothing if there is none.
   *
   * @param key of the object
   * @throws IOException if it cannot be deleted, or objects of this store cannot be deleted
   */
  default void delete(String key) throws IOException {
    throw new AccessDeniedException(uri(key), null, "objects of this store cannot be deleted");
  }

  /** {@return the request and byte counters so far} */
  Traffic.Counts traffic();

  @Override
  void close();

  /**
   * Closes objects, for when opening or fetching one of them failed.
   *
   * @param objects to close
   */
  static void closeAll(Collection<SparseObject> objects) {
    new ArrayList<>(objects).forEach(SparseObject::close);
  }
}
