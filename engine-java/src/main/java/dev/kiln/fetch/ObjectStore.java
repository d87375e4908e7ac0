package dev.kiln.fetch;

import dev.kiln.fault.SceneFault;
import dev.kiln.memory.HostBuffer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;

/**
 * Objects under one root, by key: a bucket, or a folder that mirrors one. Keys use {@code /}. Safe
 * for use by several threads.
 */
public interface ObjectStore extends AutoCloseable {
  /** The root as the user gave it, for messages. */
  String root();

  /** Where an object lies, in full: {@code s3://naip-analytic/nd/…} or an absolute path. */
  String uri(String key);

  /**
   * Brings a whole object into host memory.
   *
   * @return the bytes; the caller owns and closes them
   * @throws SceneFault permanent if there is no such object or it is empty, transient if the way to
   *     it failed
   */
  HostBuffer fetch(String key) throws SceneFault;

  /**
   * Size of an object in bytes.
   *
   * @throws SceneFault permanent if there is no such object, transient if the way to it failed
   */
  long size(String key) throws SceneFault;

  /**
   * Reads a small object, such as a STAC item, whole.
   *
   * @throws SceneFault permanent if there is no such object, transient if the way to it failed
   */
  default byte[] read(String key) throws SceneFault {
    try (InputStream in = open(key)) {
      return in.readAllBytes();
    } catch (NoSuchFileException e) {
      throw SceneFault.permanent(key, "no such object under " + root(), e);
    } catch (IOException e) {
      throw SceneFault.transientFault(key, "reading failed: " + e.getMessage(), e);
    }
  }

  /**
   * Opens an object to be read once, front to back.
   *
   * @throws java.nio.file.NoSuchFileException if there is no such object
   */
  InputStream open(String key) throws IOException;

  /** Whether the object is there. */
  boolean exists(String key) throws IOException;

  /**
   * Puts a whole object: under its key it is there whole or not at all, whatever happens meanwhile.
   */
  void put(String key, byte[] bytes) throws IOException;

  @Override
  void close();
}
