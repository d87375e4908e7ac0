package dev.kiln.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** A web server on this machine, with or without TLS, that serves objects from memory. */
public final class RangeServer implements AutoCloseable {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");
  private static final char[] PASSWORD = "changeit".toCharArray();

  /** How the server identifies a version of an object. */
  public enum Validator {
    /** A strong ETag. */
    TAG,
    /** A weak ETag, which never matches If-Match. */
    WEAK_TAG,
    /** Only Last-Modified. */
    DATE,
    /** None. */
    NONE
  }

  /** A request that was received. */
  public record Request(String method, String path, Map<String, List<String>> headers) {
    /** Returns a header, or an empty text. */
    public String header(String name) {
      return headers.entrySet().stream()
          .filter(entry -> entry.getKey().equalsIgnoreCase(name))
          .map(entry -> entry.getValue().get(0))
          .findFirst()
          .orElse("");
    }
  }

  private final HttpServer server;
  private final String scheme;
  private final Map<String, byte[]> objects = new ConcurrentHashMap<>();
  private final Map<String, UnaryOperator<byte[]>> posts = new ConcurrentHashMap<>();
  private final AtomicLong bytesSent = new AtomicLong();
  private final Map<String, String> redirects = new ConcurrentHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private volatile Validator validator = Validator.TAG;
  private volatile boolean ranges = true;
  private volatile Predicate<Request> allowed = request -> true;
  private volatile int refusal = 401;

  private RangeServer(HttpServer server, String scheme) {
    this.server = server;
    this.scheme = scheme;
    server.createContext("/", this::answer);
    server.setExecutor(
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "range-server");
              thread.setDaemon(true);
              return thread;
            }));
    server.start();
  }

  /** Starts a server without TLS on a free port. */
  public static RangeServer start() throws IOException {
    return new RangeServer(HttpServer.create(local(), 64), "http");
  }

  /**
   * Starts a server with a self-signed certificate on a free port.
   *
   * @param directory receives {@code certificate.pem}
   */
  public static RangeServer startTls(Path directory) throws Exception {
    Path store = directory.resolve("server.p12");
    keytool(
        "-genkeypair",
        "-alias",
        "server",
        "-keyalg",
        "RSA",
        "-keysize",
        "2048",
        "-validity",
        "2",
        "-dname",
        "CN=localhost",
        "-ext",
        "SAN=dns:localhost,ip:127.0.0.1",
        "-storetype",
        "PKCS12",
        "-keystore",
        store.toString(),
        "-storepass",
        new String(PASSWORD));
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD);
    }
    Files.writeString(
        directory.resolve("certificate.pem"),
        "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
            .formatted(
                Base64.getMimeEncoder().encodeToString(keys.getCertificate("server").getEncoded())),
        StandardCharsets.US_ASCII);
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    HttpsServer server = HttpsServer.create(local(), 64);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    return new RangeServer(server, "https");
  }

  private static void keytool(String... arguments) throws Exception {
    List<String> command = new java.util.ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(Arrays.asList(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IllegalStateException("keytool failed: " + output);
    }
  }

  private static InetSocketAddress local() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** Returns the port. */
  public int port() {
    return server.getAddress().getPort();
  }

  /** Returns the server's URL, without a slash at its end. */
  public URI uri() {
    return URI.create(scheme + "://localhost:" + port());
  }

  /** Stores an object under a decoded path without a leading slash. */
  public void put(String path, byte[] bytes) {
    objects.put(path, bytes);
  }

  /** Stores every file below a directory. */
  public void upload(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        put(directory.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
  }

  /** Answers POST requests to a path without a leading slash; receives and returns bodies. */
  public void post(String path, UnaryOperator<byte[]> handler) {
    posts.put(path, handler);
  }

  /** Returns the bytes of the bodies that were sent so far. */
  public long bytesSent() {
    return bytesSent.get();
  }

  /** Redirects a path. */
  public void redirect(String path, String location) {
    redirects.put(path, location);
  }

  /** Sets how versions are identified. */
  public void validator(Validator kind) {
    validator = kind;
  }

  /** Sets whether Range is respected. */
  public void ranges(boolean respected) {
    ranges = respected;
  }

  /** Sets which requests are served; the response to others is 401. */
  public void allow(Predicate<Request> condition) {
    allow(condition, 401);
  }

  /** Sets which requests are served, and the status of the response to others. */
  public void allow(Predicate<Request> condition, int status) {
    refusal = status;
    allowed = condition;
  }

  /** Returns the requests so far. */
  public List<Request> requests() {
    return requests;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      Request request =
          new Request(
              exchange.getRequestMethod(),
              exchange.getRequestURI().toString(),
              Map.copyOf(exchange.getRequestHeaders()));
      requests.add(request);
      String path = exchange.getRequestURI().getPath().substring(1);
      byte[] bytes = objects.get(path);
      if (posts.containsKey(path) && request.method().equals("POST")) {
        bytes = posts.get(path).apply(exchange.getRequestBody().readAllBytes());
      }
      if (!allowed.test(request)) {
        error(exchange, refusal, "who are you?");
      } else if (redirects.containsKey(path)) {
        exchange.getResponseHeaders().set("Location", redirects.get(path));
        error(exchange, 302, "elsewhere");
      } else if (bytes == null) {
        error(exchange, 404, "no such page");
      } else {
        send(exchange, request, bytes);
      }
    }
  }

  private void send(HttpExchange exchange, Request request, byte[] bytes) throws IOException {
    String tag = "\"" + Integer.toHexString(Arrays.hashCode(bytes)) + "\"";
    switch (validator) {
      case TAG -> exchange.getResponseHeaders().set("ETag", tag);
      case WEAK_TAG -> exchange.getResponseHeaders().set("ETag", "W/" + tag);
      case DATE ->
          exchange
              .getResponseHeaders()
              .set("Last-Modified", "Thu, 01 Jan 1970 00:00:" + Math.abs(bytes[0]) % 60 + " GMT");
      case NONE -> {}
    }
    String condition = request.header("If-Match");
    if (!condition.isEmpty() && !(validator == Validator.TAG && condition.equals(tag))) {
      error(exchange, 412, "changed");
      return;
    }
    Matcher range = RANGE.matcher(request.header("Range"));
    int from = 0;
    int to = bytes.length;
    int status = 200;
    if (ranges && range.matches()) {
      from = Integer.parseInt(range.group(1));
      to = (int) Math.min(bytes.length, Long.parseLong(range.group(2)) + 1);
      if (from >= bytes.length) {
        error(exchange, 416, "no such range");
        return;
      }
      status = 206;
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + bytes.length);
    }
    boolean head = request.method().equals("HEAD");
    exchange.sendResponseHeaders(status, head || to == from ? -1 : to - from);
    if (!head && to > from) {
      bytesSent.addAndGet(to - from);
      try (OutputStream body = exchange.getResponseBody()) {
        body.write(bytes, from, to - from);
      }
    }
  }

  private static void error(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = ("<html><body>" + text + "</body></html>").getBytes();
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, head ? -1 : body.length);
    if (!head) {
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
