package dev.kiln.fetch;

import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.util.concurrent.Flow;

/**
 * A request body that is handed to the connection in pieces, each of which is reported to a watch:
 * a slow upload is distinguished from one that has stalled.
 */
final class WatchedBody implements HttpRequest.BodyPublisher {
  private static final int PIECE_BYTES = 64 << 10;
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final int length;
  private volatile ByteBuffer bytes;
  private final StallWatch watch;

  /**
   * Creates a body.
   *
   * @param bytes to send, which must not change; the position is not moved
   * @param watch notes when the connection takes bytes
   */
  WatchedBody(ByteBuffer bytes, StallWatch watch) {
    this.length = bytes.remaining();
    this.bytes = bytes.slice();
    this.watch = watch;
  }

  /** Drops the bytes: an idle connection of the client keeps its last request for half a minute. */
  void release() {
    bytes = NOTHING;
  }

  @Override
  public long contentLength() {
    return length;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
    subscriber.onSubscribe(new Pieces(subscriber, bytes.duplicate()));
  }

  private final class Pieces implements Flow.Subscription {
    private final Flow.Subscriber<? super ByteBuffer> subscriber;
    private ByteBuffer rest;
    private long wanted;
    private boolean sending;
    private boolean ended;

    Pieces(Flow.Subscriber<? super ByteBuffer> subscriber, ByteBuffer rest) {
      this.subscriber = subscriber;
      this.rest = rest;
    }

    @Override
    public void request(long pieces) {
      synchronized (this) {
        wanted = wanted + pieces < 0 ? Long.MAX_VALUE : wanted + pieces;
        if (sending) {
          // A subscriber that requests from onNext is served by the loop that called it.
          return;
        }
        sending = true;
      }
      for (ByteBuffer piece = next(); piece != null; piece = next()) {
        watch.moved();
        subscriber.onNext(piece);
      }
      boolean complete;
      synchronized (this) {
        complete = !ended && !rest.hasRemaining();
        ended |= complete;
        rest = ended ? NOTHING : rest;
      }
      if (complete) {
        subscriber.onComplete();
      }
    }

    private synchronized ByteBuffer next() {
      if (ended || wanted == 0 || !rest.hasRemaining()) {
        sending = false;
        return null;
      }
      wanted--;
      ByteBuffer piece = rest.slice();
      piece.limit(Math.min(PIECE_BYTES, piece.remaining()));
      rest.position(rest.position() + piece.remaining());
      return piece.asReadOnlyBuffer();
    }

    @Override
    public synchronized void cancel() {
      ended = true;
      rest = NOTHING;
    }
  }
}
