package dev.kiln.http;

import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/**
 * A request.
 *
 * @param method such as {@code GET}
 * @param url to request, {@code http} or {@code https}
 * @param headers by name; {@code Host} and {@code Content-Length} are added
 * @param body pieces to send, not changed until the response has ended; empty for none
 */
public record HttpRequest(
    String method, URI url, Map<String, List<String>> headers, List<ByteBuffer> body) {
  /** {@return the length of the body in bytes} */
  long length() {
    return body.stream().mapToLong(ByteBuffer::remaining).sum();
  }
}
