package dev.kiln.fetch;

import java.nio.ByteBuffer;

/** Writes the objects of a bucket: with one request, or in parts that become the object. */
interface Uploads {
  /** Objects above this are written in parts. */
  int LARGE_BYTES = 32 << 20;

  /** Size of all parts but the last. */
  int PART_BYTES = 8 << 20;

  /** Parts on their way at once; each is in memory until the service has it. */
  int IN_FLIGHT = 4;

  /** An object that is uploaded in parts. Used by one thread at a time. */
  interface Parts {
    /**
     * Adds the next part, waiting while too many are on their way.
     *
     * @param bytes not changed until the upload ends; all parts but the last have the same size
     */
    void add(ByteBuffer bytes) throws RequestException, InterruptedException;

    /** Waits for all parts and makes the object appear. */
    void complete() throws RequestException, InterruptedException;

    /** Gives up. */
    void abort();
  }

  /**
   * Writes a whole object; a large one in parts.
   *
   * @param key in the bucket
   * @param bytes of the object
   */
  default void put(String key, byte[] bytes) throws RequestException, InterruptedException {
    if (bytes.length <= LARGE_BYTES) {
      putAtOnce(key, bytes);
    } else {
      Parts parts = start(key);
      try {
        for (int at = 0; at < bytes.length; at += PART_BYTES) {
          parts.add(ByteBuffer.wrap(bytes, at, Math.min(PART_BYTES, bytes.length - at)));
        }
        parts.complete();
      } catch (RequestException | InterruptedException | RuntimeException e) {
        parts.abort();
        throw e;
      }
    }
    sent(bytes.length);
  }

  /**
   * Writes an object with one request.
   *
   * @param key in the bucket
   * @param bytes of the object
   */
  void putAtOnce(String key, byte[] bytes) throws RequestException, InterruptedException;

  /**
   * Starts an upload in parts.
   *
   * @param key in the bucket
   */
  Parts start(String key) throws RequestException, InterruptedException;

  /** Counts bytes that were written. */
  void sent(long bytes);

  /** Returns the media type of an object by the suffix of its key. */
  static String contentType(String key) {
    return key.endsWith(".parquet")
        ? "application/vnd.apache.parquet"
        : key.endsWith(".json") ? "application/json" : "application/octet-stream";
  }
}
