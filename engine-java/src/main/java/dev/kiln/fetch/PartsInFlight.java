package dev.kiln.fetch;

import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * An upload in parts, a few of which are sent at once.
 *
 * @param <T> response to a part
 */
abstract class PartsInFlight<T> implements Uploads.Parts {
  /** Longer than the clocks of this machine and a service differ. */
  private static final Duration CLOCK_DIFFERENCE = Duration.ofMinutes(15);

  private final List<CompletableFuture<T>> sent = new ArrayList<>();
  private final Instant started;
  private long bytes;

  /**
   * Creates an upload.
   *
   * @param date when it was started by the service's clock, from its {@code Date} header; empty if
   *     it sent none
   */
  PartsInFlight(Optional<String> date) {
    this.started =
        date.flatMap(PartsInFlight::parse).orElseGet(() -> Instant.now().minus(CLOCK_DIFFERENCE));
  }

  /**
   * An object that exists.
   *
   * @param size in bytes
   * @param modified when it was written, by the service's clock, in whole seconds
   */
  record Stored(long size, Instant modified) {}

  /** Parses the value of a header such as {@code Date}; empty if it is malformed. */
  static Optional<Instant> parse(String date) {
    try {
      return Optional.of(Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(date)));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /**
   * Starts to send a part, with retries.
   *
   * @param number of the part, from 1
   * @param part its bytes; the position may not be moved
   */
  abstract CompletableFuture<T> send(int number, ByteBuffer part);

  /**
   * Makes the object of its parts.
   *
   * @param responses to the parts, in order
   */
  abstract void join(List<T> responses) throws RequestException, InterruptedException;

  /** Returns the object that exists now, if there is one. */
  abstract Optional<Stored> stored() throws RequestException, InterruptedException;

  /** Removes the parts from the service; does not wait. */
  abstract void discard();

  @Override
  public final void add(ByteBuffer part) throws RequestException, InterruptedException {
    if (sent.size() >= Uploads.IN_FLIGHT) {
      Requests.await(sent.get(sent.size() - Uploads.IN_FLIGHT));
    }
    bytes += part.remaining();
    sent.add(send(sent.size() + 1, part));
  }

  @Override
  public final void complete() throws RequestException, InterruptedException {
    List<T> responses = new ArrayList<>();
    for (CompletableFuture<T> part : sent) {
      responses.add(Requests.await(part));
    }
    try {
      join(responses);
    } catch (RequestException e) {
      // If an earlier attempt completed the upload and only its response was lost, the upload is
      // unknown now, or its parts are.
      boolean unknown =
          e.kind() == RequestException.Kind.MISSING || e.kind() == RequestException.Kind.REFUSED;
      if (!unknown || stored().filter(this::isResult).isEmpty()) {
        throw e;
      }
    }
  }

  private boolean isResult(Stored object) {
    return object.size() == bytes && !object.modified().isBefore(started);
  }

  @Override
  public final void abort() {
    sent.forEach(part -> part.cancel(true));
    discard();
  }
}
