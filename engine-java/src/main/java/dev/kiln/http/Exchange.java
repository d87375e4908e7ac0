package dev.kiln.http;

import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A request and its response; fails if no byte moves for a time. */
final class Exchange {
  private final HttpRequest request;
  private final HttpResponse response;
  private final Duration stallLimit;
  private final CompletableFuture<Void> result = new CompletableFuture<>();
  private StallWatch watch;

  Exchange(HttpRequest request, HttpResponse response, Duration stallLimit) {
    this.request = request;
    this.response = response;
    this.stallLimit = stallLimit;
  }

  HttpRequest request() {
    return request;
  }

  CompletableFuture<Void> result() {
    return result;
  }

  /**
   * Starts to watch for a stall.
   *
   * @param connection thread of the connection, on which all of this is used
   * @param close closes the connection if the exchange fails or is cancelled
   */
  void start(EventLoop connection, Runnable close) {
    watch =
        new StallWatch(
            stallLimit,
            (nanos, action) -> connection.schedule(action, nanos, TimeUnit.NANOSECONDS));
    watch.start(
        () -> fail(new HttpTimeoutException("no byte for " + stallLimit.toSeconds() + " s")));
    result.whenComplete(
        (done, thrown) -> {
          watch.end();
          if (thrown != null) {
            close.run();
          }
        });
  }

  /** Notes that bytes have moved. */
  void moved() {
    watch.moved();
  }

  void begin(io.netty.handler.codec.http.HttpResponse head) {
    Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String name : head.headers().names()) {
      headers.put(name, head.headers().getAll(name));
    }
    if (!result.isDone()) {
      response.begin(head.status().code(), HttpHeaders.of(headers, (name, value) -> true));
    }
  }

  void accept(ByteBuffer bytes) {
    if (!result.isDone()) {
      response.accept(bytes);
    }
  }

  int receive(ReadableByteChannel source, int limit) throws IOException {
    return result.isDone() ? HttpResponse.NO_MEMORY : response.receive(source, limit);
  }

  void complete() {
    result.complete(null);
  }

  void fail(Throwable thrown) {
    result.completeExceptionally(thrown);
  }
}
