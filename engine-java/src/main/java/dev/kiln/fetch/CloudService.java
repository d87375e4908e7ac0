package dev.kiln.fetch;

import java.nio.ByteBuffer;

/** A bucket of Google Cloud Storage or a container of Azure Blob Storage. */
interface CloudService extends HttpService {
  /** Returns the bucket or container, and the prefix that keys are relative to. */
  CloudLocation location();

  @Override
  default String uri(String key) {
    return location().uri(key);
  }

  /**
   * Returns a list request.
   *
   * @param prefix that keys have
   * @param directories whether keys are listed up to the next slash only
   * @param after exclusive lower limit of keys; empty, or for services that list in order
   * @param token of the page; empty for the first
   * @param max most keys in the response
   */
  HttpCall list(String prefix, boolean directories, String after, String token, int max);

  /** Returns the XML elements of key, common prefix and next token in a list response. */
  String[] listElements();

  /** Returns whether keys are listed in the order of their bytes, from any key on. */
  boolean listsInOrder();

  /**
   * Returns the request that writes a whole object, with a checksum of its bytes.
   *
   * @param key in the bucket
   * @param bytes of the object
   * @param contentType media type
   */
  HttpCall put(String key, ByteBuffer bytes, String contentType);

  /**
   * Starts to write an object in parts, each with a checksum; it appears whole at the end.
   *
   * @param requests to the service
   * @param key in the bucket
   * @param contentType media type
   */
  Uploads.Parts start(HttpRequests requests, String key, String contentType)
      throws RequestException, InterruptedException;
}
