package dev.kiln.http;

import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;

/**
 * Receives a response, on a thread of the client that serves other connections, too: it must not
 * wait. An exception ends the request with it.
 */
public interface HttpResponse {
  /**
   * Takes the head. Called once, unless the request fails before.
   *
   * @param status code
   * @param headers of the response
   */
  void begin(int status, HttpHeaders headers);

  /**
   * Takes the next bytes of the body.
   *
   * @param bytes direct memory of the client, valid until the method returns
   */
  void accept(ByteBuffer bytes);
}
