package dev.kiln.http;

import dev.kiln.http.HttpClient.Origin;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A connection to a server: one exchange at a time, on the connection's thread. */
final class Connection extends ChannelInboundHandlerAdapter {
  /** Shorter than servers keep idle connections, so that a request seldom meets a closed one. */
  private static final int IDLE_SECONDS = 15;

  /** Pieces of a body that are written at once; each that is sent shows that the server reads. */
  private static final int PIECE_BYTES = 64 << 10;

  private final HttpClient client;
  private final Origin origin;
  private final Optional<Proxy> forwarding;
  private volatile Channel channel;
  private Exchange exchange;
  private boolean informational;

  /** Bytes of the body that have not been received; 0 if their number is unknown. */
  private long left;

  /** Bytes that the receiver has read from the socket and the codec has not counted yet. */
  private int placed;

  private boolean keepAlive;
  private boolean sent;
  private boolean kept;
  private ScheduledFuture<?> idle;

  /**
   * Creates a handler.
   *
   * @param client to which the connection returns
   * @param origin server
   * @param forwarding proxy that requests are sent to; empty for none, or for a tunnel
   */
  Connection(HttpClient client, Origin origin, Optional<Proxy> forwarding) {
    this.client = client;
    this.origin = origin;
    this.forwarding = forwarding;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    channel = context.channel();
  }

  boolean isOpen() {
    return channel.isActive();
  }

  void close() {
    channel.close();
  }

  /** Starts an exchange, if no other is in progress. */
  void start(Exchange next) {
    channel.eventLoop().execute(() -> begin(next));
  }

  private void begin(Exchange next) {
    if (idle != null) {
      idle.cancel(false);
      idle = null;
    }
    if (!channel.isActive()) {
      if (kept) {
        // Closed while it was idle, and not noticed before it was taken.
        client.connect(origin, next);
      } else {
        next.fail(closed());
      }
      return;
    }
    exchange = next;
    sent = false;
    left = 0;
    placed = 0;
    next.start(channel.eventLoop(), channel::close);
    if (next.result().isDone()) {
      channel.close();
      return;
    }
    HttpRequest request = next.request();
    channel.write(head(request)).addListener(this::failedWrite);
    if (request.length() == 0) {
      sent = true;
      channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(this::failedWrite);
    } else {
      send(next, request.body().stream().map(ByteBuffer::slice).iterator(), null);
    }
  }

  private DefaultHttpRequest head(HttpRequest request) {
    URI url = request.url();
    String path = url.getRawPath() == null || url.getRawPath().isEmpty() ? "/" : url.getRawPath();
    String target = url.getRawQuery() == null ? path : path + "?" + url.getRawQuery();
    String authority = url.getRawAuthority().replaceFirst("^.*@", "");
    if (forwarding.isPresent()) {
      target = "http://" + authority + target;
    }
    DefaultHttpRequest head =
        new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.valueOf(request.method()), target);
    request.headers().forEach((name, values) -> head.headers().set(name, values));
    if (!head.headers().contains(HttpHeaderNames.HOST)) {
      head.headers().set(HttpHeaderNames.HOST, authority);
    }
    forwarding
        .flatMap(Proxy::authorization)
        .ifPresent(value -> head.headers().set(HttpHeaderNames.PROXY_AUTHORIZATION, value));
    boolean hasBody = !request.method().equals("GET") && !request.method().equals("HEAD");
    if (hasBody || request.length() > 0) {
      head.headers().set(HttpHeaderNames.CONTENT_LENGTH, request.length());
    }
    return head;
  }

  /** Writes the rest of a body piece by piece. */
  private void send(Exchange current, Iterator<ByteBuffer> rest, ByteBuffer open) {
    ByteBuffer bytes = open;
    while ((bytes == null || !bytes.hasRemaining()) && rest.hasNext()) {
      bytes = rest.next();
    }
    if (bytes == null || !bytes.hasRemaining()) {
      sent = true;
      channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(this::failedWrite);
      return;
    }
    ByteBuffer piece = bytes.slice().limit(Math.min(PIECE_BYTES, bytes.remaining()));
    bytes.position(bytes.position() + piece.remaining());
    ByteBuffer following = bytes;
    channel
        .writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(piece)))
        .addListener(
            written -> {
              if (exchange != current) {
                return;
              }
              if (written.isSuccess()) {
                current.moved();
                send(current, rest, following);
              } else {
                failed(written.cause());
              }
            });
  }

  private void failedWrite(io.netty.util.concurrent.Future<? super Void> written) {
    if (!written.isSuccess()) {
      failed(written.cause());
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    try {
      read(message);
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void read(Object message) {
    Exchange current = exchange;
    if (current == null) {
      // Not a response to anything.
      channel.close();
      return;
    }
    current.moved();
    if (message instanceof io.netty.handler.codec.http.HttpObject part
        && part.decoderResult().isFailure()) {
      failed(new IOException("malformed response: " + part.decoderResult().cause().getMessage()));
      return;
    }
    if (message instanceof io.netty.handler.codec.http.HttpResponse head) {
      informational = head.status().codeClass() == HttpStatusClass.INFORMATIONAL;
      keepAlive = HttpUtil.isKeepAlive(head);
      if (!informational) {
        left = length(current.request(), head);
        current.begin(head);
      }
    }
    if (message instanceof HttpContent content && !informational) {
      int length = content.content().readableBytes();
      left -= Math.min(left, length);
      if (placed > 0) {
        placed -= length;
      } else {
        accept(current, content.content());
      }
      if (message instanceof LastHttpContent && exchange == current) {
        ended(current);
      }
    }
  }

  /** Returns the length of a body that is sent as it is; 0 for any other. */
  private static long length(HttpRequest request, io.netty.handler.codec.http.HttpResponse head) {
    boolean plain =
        request.method().equals("GET")
            && (head.status().code() == 200 || head.status().code() == 206)
            && !HttpUtil.isTransferEncodingChunked(head);
    return plain ? HttpUtil.getContentLength(head, 0L) : 0;
  }

  /**
   * Lets the receiver of the response read bytes of its body from the socket, where the next bytes
   * are such.
   *
   * @param limit most bytes to read
   * @return as {@link HttpResponse#receive}
   */
  int receive(ReadableByteChannel socket, int limit) throws IOException {
    if (exchange == null || left == 0) {
      return HttpResponse.NO_MEMORY;
    }
    int count = exchange.receive(socket, (int) Math.min(limit, left));
    placed += Math.max(0, count);
    return count;
  }

  private static void accept(Exchange current, ByteBuf bytes) {
    if (!bytes.isReadable()) {
      return;
    }
    for (ByteBuffer part : bytes.nioBuffers()) {
      current.accept(part);
    }
  }

  private void ended(Exchange current) {
    exchange = null;
    if (keepAlive && sent && channel.isActive()) {
      kept = true;
      idle = channel.eventLoop().schedule(this::close, IDLE_SECONDS, TimeUnit.SECONDS);
      if (!client.keep(origin, this)) {
        channel.close();
      }
    } else {
      channel.close();
    }
    current.complete();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    client.forget(origin, this);
    failed(closed());
  }

  private static IOException closed() {
    return new IOException("the server closed the connection");
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable thrown) {
    failed(
        thrown instanceof DecoderException && thrown.getCause() != null
            ? thrown.getCause()
            : thrown);
  }

  private void failed(Throwable thrown) {
    Exchange current = exchange;
    exchange = null;
    channel.close();
    if (current != null) {
      current.fail(thrown);
    }
  }
}
