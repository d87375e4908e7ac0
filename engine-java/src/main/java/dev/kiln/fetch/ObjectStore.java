package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.SceneException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Objects under one root, by key: a bucket, or a folder that mirrors one. Keys use {@code /}. Safe
 * for use by several threads.
 *
 * <p>What may pass is tried again inside, within {@link RequestLimits}. What is wrong with the
 * store as a whole, such as refused credentials, is a {@link ConfigurationException} from any
 * method.
 */
public interface ObjectStore extends AutoCloseable {
  /** Bytes of an object that come with opening it: the directories of most COGs. */
  int HEAD_BYTES = 64 << 10;

  /** The root as the user gave it, for messages. */
  String root();

  /** Where an object lies, in full: {@code s3://naip-analytic/nd/…} or an absolute path. */
  String uri(String key);

  /**
   * Opens objects to be read in part, with one request each and all at once. Their first {@link
   * #HEAD_BYTES} come along.
   *
   * @return one an object, in the order of the keys; the caller owns and closes them
   * @throws SceneException permanent if there is no such object or it is empty, transient if the
   *     way to it failed
   */
  List<SparseObject> open(List<String> keys) throws SceneException, InterruptedException;

  /**
   * Fetches what was planned, of any number of objects of this store, all at once.
   *
   * @throws SceneException transient if the way failed or an object is no longer the version that
   *     was opened: to be opened again then. Some of the bytes may have arrived.
   */
  void fetch(Collection<RangePlan> plans) throws SceneException, InterruptedException;

  /**
   * Reads a small object, such as a STAC item, whole.
   *
   * @throws SceneException permanent if there is no such object, transient if the way to it failed
   */
  byte[] read(String key) throws SceneException;

  /**
   * Opens an object to be read once, front to back.
   *
   * @throws java.nio.file.NoSuchFileException if there is no such object
   */
  InputStream stream(String key) throws IOException;

  /** Whether an object is there. */
  default boolean exists(String key) throws IOException {
    return existing(List.of(key)).contains(key);
  }

  /** Which of these objects are there; for many keys far quicker than one by one. */
  Set<String> existing(Collection<String> keys) throws IOException;

  /**
   * Names of what lies directly below a folder or key prefix, objects and folders, without slashes;
   * none if there is no such folder.
   */
  List<String> list(String folder) throws IOException;

  /**
   * Puts a whole object: under its key it is there whole or not at all, whatever happens meanwhile.
   */
  void put(String key, byte[] bytes) throws IOException;

  /** What went over the way so far. */
  Traffic.Counts traffic();

  @Override
  void close();

  /** Closes all, for when opening or fetching one of them failed. */
  static void closeAll(Collection<SparseObject> objects) {
    new ArrayList<>(objects).forEach(SparseObject::close);
  }
}
