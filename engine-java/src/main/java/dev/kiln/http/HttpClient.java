package dev.kiln.http;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.proxy.HttpProxyHandler;
import io.netty.handler.proxy.ProxyConnectException;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * An HTTP/1.1 client on Netty for large responses. Bytes of a body go from the socket straight to
 * where the receiver wants them ({@link HttpResponse#receive}); those of TLS, and bodies of unknown
 * length, go into pooled direct memory first, in pieces that fit in a core's cache. Connections are
 * kept and used again; there is no limit to their number but that of the caller's requests. Nothing
 * is retried or redirected.
 */
public final class HttpClient implements AutoCloseable {
  /** What is read from a socket at once. */
  private static final int RECEIVE_BYTES = 256 << 10;

  private static final int MAX_HEADER_BYTES = 64 << 10;

  /** Few, because each of them can receive gigabytes per second; shared by all clients. */
  private static final EventLoopGroup THREADS =
      new MultiThreadIoEventLoopGroup(
          Math.min(4, Math.max(1, Runtime.getRuntime().availableProcessors() / 2)),
          new DefaultThreadFactory("http", true),
          NioIoHandler.newFactory());

  /** Host names are resolved elsewhere, because that can take seconds. */
  private static final ExecutorService RESOLVERS =
      Executors.newCachedThreadPool(new DefaultThreadFactory("http-resolve", true));

  private final HttpClientOptions options;
  private final Tls tls;
  private final Map<Origin, Deque<Connection>> idle = new HashMap<>();
  private boolean closed;

  /**
   * Creates a client; connects to nothing.
   *
   * @param options limits and certificates
   */
  public HttpClient(HttpClientOptions options) {
    this.options = options;
    this.tls = new Tls(options.certificates());
  }

  /**
   * Sends a request.
   *
   * @param request to send
   * @param response receives the response
   * @return completes when the response has ended; fails with an {@link java.io.IOException}, or
   *     with what the receiver throws. Cancelling it closes the connection.
   */
  public CompletableFuture<Void> send(HttpRequest request, HttpResponse response) {
    Exchange exchange = new Exchange(request, response, options.stallLimit());
    Origin origin = Origin.of(request.url());
    Connection kept = take(origin);
    if (kept != null) {
      kept.start(exchange);
    } else {
      connect(origin, exchange);
    }
    return exchange.result();
  }

  private synchronized Connection take(Origin origin) {
    Deque<Connection> connections = idle.get(origin);
    Connection found = null;
    while (connections != null && !connections.isEmpty() && found == null) {
      Connection connection = connections.removeLast();
      found = connection.isOpen() ? connection : null;
    }
    removeIfEmpty(origin, connections);
    return found;
  }

  /** Queues of servers that are no longer requested would add up. */
  private void removeIfEmpty(Origin origin, Deque<Connection> connections) {
    if (connections != null && connections.isEmpty()) {
      idle.remove(origin);
    }
  }

  /** Keeps a connection for later requests; returns false if it must be closed. */
  synchronized boolean keep(Origin origin, Connection connection) {
    if (closed) {
      return false;
    }
    idle.computeIfAbsent(origin, key -> new ArrayDeque<>()).addLast(connection);
    return true;
  }

  /** Forgets a connection that was closed while it was idle. */
  synchronized void forget(Origin origin, Connection connection) {
    Deque<Connection> connections = idle.get(origin);
    if (connections != null) {
      connections.remove(connection);
    }
    removeIfEmpty(origin, connections);
  }

  /** Returns the number of servers with idle connections. */
  synchronized int idleServers() {
    return idle.size();
  }

  // ---- Connecting ------------------------------------------------------------------------------

  /** Sends a request over a new connection. */
  void connect(Origin origin, Exchange exchange) {
    Optional<Proxy> proxy = Proxy.of(origin, options.environment());
    String host = proxy.map(Proxy::host).orElse(origin.host());
    int port = proxy.map(Proxy::port).orElse(origin.port());
    RESOLVERS.execute(
        () -> {
          try {
            connect(origin, proxy, InetAddress.getAllByName(host), 0, port, exchange);
          } catch (UnknownHostException | RuntimeException e) {
            exchange.fail(e);
          }
        });
  }

  private void connect(
      Origin origin,
      Optional<Proxy> proxy,
      InetAddress[] addresses,
      int number,
      int port,
      Exchange exchange) {
    if (exchange.result().isDone()) {
      return;
    }
    Connection connection = new Connection(this, origin, proxy.filter(p -> !origin.secure()));
    InetSocketAddress address = new InetSocketAddress(addresses[number], port);
    Optional<HttpProxyHandler> tunnel =
        proxy.filter(p -> origin.secure()).map(p -> p.tunnel(address));
    ChannelFuture connecting =
        new Bootstrap()
            .group(THREADS)
            .channelFactory(
                origin.secure() ? NioSocketChannel::new : () -> new BodySocket(connection))
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) options.connectLimit().toMillis())
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_KEEPALIVE, true)
            .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(RECEIVE_BYTES))
            .handler(initializer(origin, tunnel, connection))
            .disableResolver()
            // A tunnel connects to the proxy, and has the proxy find the server.
            .connect(
                tunnel.isPresent()
                    ? InetSocketAddress.createUnresolved(origin.host(), origin.port())
                    : address);
    exchange
        .result()
        .whenComplete(
            (done, thrown) -> {
              if (thrown != null) {
                connecting.channel().close();
              }
            });
    connecting.addListener(
        connected -> {
          if (connected.isSuccess()) {
            ready(origin, connecting.channel(), connection, exchange);
          } else if (number + 1 < addresses.length && !connecting.isCancelled()) {
            connect(origin, proxy, addresses, number + 1, port, exchange);
          } else {
            exchange.fail(reason(connected.cause()));
          }
        });
  }

  private static Throwable reason(Throwable thrown) {
    if (thrown instanceof ConnectTimeoutException) {
      HttpConnectTimeoutException late = new HttpConnectTimeoutException(thrown.getMessage());
      late.initCause(thrown);
      return late;
    }
    for (Throwable e = thrown; e != null; e = e.getCause()) {
      if (e instanceof ProxyConnectException) {
        return e;
      }
    }
    return thrown;
  }

  private ChannelInitializer<Channel> initializer(
      Origin origin, Optional<HttpProxyHandler> tunnel, Connection connection) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        tunnel.ifPresent(
            handler -> {
              handler.setConnectTimeoutMillis(options.connectLimit().toMillis());
              channel.pipeline().addLast(handler);
            });
        if (origin.secure()) {
          SslHandler handler =
              tls.context().newHandler(channel.alloc(), origin.host(), origin.port());
          handler.setHandshakeTimeoutMillis(options.connectLimit().toMillis());
          channel.pipeline().addLast(handler);
        }
        channel
            .pipeline()
            .addLast(
                new HttpClientCodec(
                    new HttpDecoderConfig()
                        .setMaxInitialLineLength(MAX_HEADER_BYTES)
                        .setMaxHeaderSize(MAX_HEADER_BYTES)
                        // What was read at once stays together.
                        .setMaxChunkSize(RECEIVE_BYTES),
                    false,
                    false),
                connection);
      }
    };
  }

  /** Starts an exchange on a new connection, after the TLS handshake if there is one. */
  private void ready(Origin origin, Channel channel, Connection connection, Exchange exchange) {
    if (!origin.secure()) {
      connection.start(exchange);
      return;
    }
    Future<Channel> handshake = channel.pipeline().get(SslHandler.class).handshakeFuture();
    handshake.addListener(
        done -> {
          if (done.isSuccess()) {
            connection.start(exchange);
          } else {
            exchange.fail(reason(done.cause()));
            channel.close();
          }
        });
  }

  /** Closes idle connections; those in use are closed when their response has ended. */
  @Override
  public void close() {
    Map<Origin, Deque<Connection>> open;
    synchronized (this) {
      closed = true;
      open = new HashMap<>(idle);
      idle.clear();
    }
    open.values().forEach(connections -> connections.forEach(Connection::close));
  }

  /**
   * A server.
   *
   * @param secure whether TLS is used
   * @param host name or address, without brackets
   * @param port number
   */
  record Origin(boolean secure, String host, int port) {
    static Origin of(URI url) {
      boolean secure = "https".equalsIgnoreCase(url.getScheme());
      String host = url.getHost();
      if (host == null) {
        throw new IllegalArgumentException("expected a URL with a host, found '" + url + "'");
      }
      String plain = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
      int port = url.getPort() >= 0 ? url.getPort() : secure ? 443 : 80;
      return new Origin(secure, plain, port);
    }
  }
}
