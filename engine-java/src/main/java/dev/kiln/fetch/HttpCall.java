package dev.kiln.fetch;

import java.net.URI;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A request before it is sent.
 *
 * @param method such as {@code GET}
 * @param url to request
 * @param headers without those that the client sets itself; names in any case
 * @param body to send; empty for none
 */
record HttpCall(String method, URI url, Map<String, String> headers, Optional<ByteBuffer> body) {
  HttpCall {
    Map<String, String> sorted = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    sorted.putAll(headers);
    headers = Collections.unmodifiableMap(sorted);
  }

  /** Returns a request without a body. */
  static HttpCall of(String method, URI url) {
    return new HttpCall(method, url, Map.of(), Optional.empty());
  }

  /** Returns this request with another header. */
  HttpCall with(String name, String value) {
    Map<String, String> more = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    more.putAll(headers);
    more.put(name, value);
    return new HttpCall(method, url, more, body);
  }

  /** Returns this request to another URL. */
  HttpCall to(URI other) {
    return new HttpCall(method, other, headers, body);
  }

  /** Returns this request with a body. */
  HttpCall with(ByteBuffer bytes) {
    return new HttpCall(method, url, headers, Optional.of(bytes));
  }

  /** Returns the value of a header; empty text if there is none. */
  String header(String name) {
    return headers.getOrDefault(name, "");
  }

  /** Returns the length of the body in bytes; 0 without one. */
  int length() {
    return body.map(ByteBuffer::remaining).orElse(0);
  }
}
