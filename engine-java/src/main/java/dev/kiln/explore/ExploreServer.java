package dev.kiln.explore;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.KilnException;
import dev.kiln.io.Workers;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * The web server of {@code kiln explore}: the page, and what the page asks for. Listens on one
 * address until it is closed.
 */
public final class ExploreServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ExploreServer.class);

  private static final int THREADS = 8;
  private static final int WAITING = 256;

  private final HttpServer server;
  private final ExecutorService threads;
  private final Access access;
  private final Assets assets;
  private final ExploreApi api;
  private final String contentPolicy;

  /** A response. */
  record Response(int status, String mediaType, byte[] body, String cache, String disposition) {
    static final String NO_STORE = "no-store";

    static Response of(String mediaType, byte[] body) {
      return new Response(200, mediaType, body, NO_STORE, "");
    }

    static Response json(Object value) {
      return of("application/json", JsonMapper.shared().writeValueAsBytes(value));
    }

    /** The response for a URL that always has the same response. */
    Response cached() {
      return new Response(status, mediaType, body, "private, max-age=86400", disposition);
    }

    /** The response as a file that the browser stores. */
    Response download(String name) {
      return new Response(
          status, mediaType, body, cache, "attachment; filename=\"%s\"".formatted(name));
    }
  }

  private ExploreServer(HttpServer server, Access access, Assets assets, ExploreApi api) {
    this.server = server;
    this.access = access;
    this.assets = assets;
    this.api = api;
    this.contentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src"
            + " 'self' blob: data:"
            + api.basemapOrigin().map(origin -> " " + origin).orElse("")
            + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    this.threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING),
            Workers.daemons("explore"),
            new ThreadPoolExecutor.CallerRunsPolicy());
  }

  /**
   * Starts a server.
   *
   * @param host name or address to listen on
   * @param port to listen on; 0 for any that is free
   * @param api what the page asks for; borrowed
   * @throws ConfigurationException if the port is taken or the host is not this machine's
   * @throws IOException if the server cannot be started
   */
  public static ExploreServer start(String host, int port, ExploreApi api) throws IOException {
    // A client that sends or reads nothing must not keep a thread. Read once, by the first server.
    System.getProperties().putIfAbsent("sun.net.httpserver.maxReqTime", "30");
    System.getProperties().putIfAbsent("sun.net.httpserver.maxRspTime", "120");
    InetAddress address;
    try {
      address = InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new ConfigurationException(
          "--host %s: expected a name or address of this machine, found an unknown name"
              .formatted(host),
          e);
    }
    HttpServer server;
    try {
      server = HttpServer.create(new InetSocketAddress(address, port), 64);
    } catch (BindException e) {
      throw new ConfigurationException(
          "cannot listen on %s port %d: %s: choose another with --port, or --port 0 for any"
              .formatted(host, port, e.getMessage()),
          e);
    }
    Access access = new Access(host, server.getAddress());
    ExploreServer explore = new ExploreServer(server, access, new Assets(), api);
    server.setExecutor(explore.threads);
    server.createContext("/", explore::handle);
    server.start();
    return explore;
  }

  /** Returns the URL to open in a browser, with the token if one is needed. */
  public String url() {
    return access.url();
  }

  private void handle(HttpExchange exchange) {
    try (exchange) {
      respond(exchange);
    } catch (IOException e) {
      // The browser no longer waits, as when the map was moved.
      log.debug("connection closed: path={}", exchange.getRequestURI(), e);
    } catch (RuntimeException | Error e) {
      log.error("request failed: path={}", exchange.getRequestURI(), e);
    }
  }

  private void respond(HttpExchange exchange) throws IOException {
    Response response;
    try {
      response = response(exchange);
    } catch (BadRequestException e) {
      response = error(e.status(), e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      response = error(503, "the server is stopping");
    } catch (KilnException e) {
      log.warn(
          "request failed: path={} reason=\"{}\"",
          exchange.getRequestURI().getPath(),
          e.getMessage());
      response = error(500, e.getMessage());
    } catch (IOException e) {
      log.warn(
          "request failed: path={} reason=\"{}\"",
          exchange.getRequestURI().getPath(),
          e.toString());
      response = error(500, "cannot read the dataset or its source: " + e.getMessage());
    } catch (RuntimeException | Error e) {
      log.error("request failed: path={}", exchange.getRequestURI().getPath(), e);
      response = error(500, "the request failed: see the log of kiln explore");
    }
    if (response != null) {
      send(exchange, response);
    }
  }

  private static Response error(int status, String message) {
    Response json = Response.json(Map.of("error", message));
    return new Response(status, json.mediaType(), json.body(), Response.NO_STORE, "");
  }

  private Response response(HttpExchange exchange) throws IOException, InterruptedException {
    Headers headers = exchange.getRequestHeaders();
    access.requireHost(headers);
    Request request = new Request(exchange);
    String method = exchange.getRequestMethod();
    String path = request.path();
    if (path.equals("/") && access.isToken(request.parameters().get("token"))) {
      // The token leaves the address bar, so that it is not shared by accident.
      exchange.getResponseHeaders().set("Set-Cookie", access.cookie());
      exchange.getResponseHeaders().set("Location", "/");
      return new Response(303, "text/plain", new byte[0], Response.NO_STORE, "");
    }
    if (!access.isKnown(headers)) {
      throw new BadRequestException(
          403, "no access: open the URL that kiln explore printed, with its token");
    }
    boolean get = method.equals("GET") || method.equals("HEAD");
    if (!get && !method.equals("POST")) {
      throw new BadRequestException(405, "expected GET or POST, found another method");
    }
    if (path.startsWith("/api/")) {
      access.requireOwnPage(headers);
      return api.respond(get, path, request);
    }
    Optional<Assets.Asset> asset = get ? assets.at(path) : Optional.empty();
    Assets.Asset found =
        asset.orElseThrow(() -> new BadRequestException(404, "no such page: " + path));
    return new Response(200, found.mediaType(), found.bytes(), "no-cache", "");
  }

  private void send(HttpExchange exchange, Response response) throws IOException {
    Headers headers = exchange.getResponseHeaders();
    headers.set("Content-Type", response.mediaType());
    headers.set("Cache-Control", response.cache());
    headers.set("Content-Security-Policy", contentPolicy);
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("X-Frame-Options", "DENY");
    // Online basemaps refuse requests without any referrer.
    headers.set(
        "Referrer-Policy", api.basemapOrigin().isPresent() ? "strict-origin" : "no-referrer");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    if (!response.disposition().isEmpty()) {
      headers.set("Content-Disposition", response.disposition());
    }
    byte[] body = response.body();
    boolean bodiless = exchange.getRequestMethod().equals("HEAD") || body.length == 0;
    exchange.sendResponseHeaders(response.status(), bodiless ? -1 : body.length);
    if (!bodiless) {
      try (OutputStream out = exchange.getResponseBody()) {
        out.write(body);
      }
    }
  }

  /** Stops the server. Idempotent. */
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
