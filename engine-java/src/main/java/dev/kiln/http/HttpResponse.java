package dev.kiln.http;

import java.io.IOException;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/**
 * Receives a response, on a thread of the client that serves other connections, too: it must not
 * wait. An exception ends the request with it.
 */
public interface HttpResponse {
  /** Result of {@link #receive} if the receiver has no memory for the next bytes. */
  int NO_MEMORY = -2;

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

  /**
   * Reads the next bytes of the body into memory of the receiver, which saves a copy. Called
   * instead of {@link #accept} where the body comes straight from the socket.
   *
   * @param source to read from; does not wait
   * @param limit most bytes to read
   * @return the number of bytes read, -1 at the end of the source, or {@link #NO_MEMORY} to get
   *     these bytes by {@link #accept}
   * @throws IOException if the source cannot be read
   */
  default int receive(ReadableByteChannel source, int limit) throws IOException {
    return NO_MEMORY;
  }
}
