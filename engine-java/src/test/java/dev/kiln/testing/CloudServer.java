package dev.kiln.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;

/** What stand-ins for cloud stores share: objects in memory, ranges, conditions, listings. */
public abstract class CloudServer implements AutoCloseable {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

  /** A request that was received. */
  public record Request(String method, URI uri, Map<String, List<String>> headers) {
    /** Returns a header, or an empty text. */
    public String header(String name) {
      return headers.entrySet().stream()
          .filter(entry -> entry.getKey().equalsIgnoreCase(name))
          .map(entry -> entry.getValue().get(0))
          .findFirst()
          .orElse("");
    }

    /** Returns the decoded parameters of the query. */
    public Map<String, String> query() {
      Map<String, String> query = new TreeMap<>();
      if (uri.getRawQuery() != null) {
        for (String parameter : uri.getRawQuery().split("&")) {
          String[] parts = parameter.split("=", 2);
          query.put(
              parts[0],
              parts.length < 2 ? "" : URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
        }
      }
      return query;
    }
  }

  /** A response. */
  protected record Response(int status, Map<String, String> headers, byte[] body) {
    static Response of(int status, String body) {
      return new Response(status, Map.of(), body.getBytes(StandardCharsets.UTF_8));
    }

    Response with(String name, String value) {
      Map<String, String> more = new TreeMap<>(headers);
      more.put(name, value);
      return new Response(status, more, body);
    }
  }

  private final HttpServer server;
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "cloud-server");
            thread.setDaemon(true);
            return thread;
          });
  private final Map<String, ConcurrentSkipListMap<String, byte[]>> containers =
      new ConcurrentHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();

  /** Bearer tokens that are accepted. */
  protected final Set<String> tokens = ConcurrentHashMap.newKeySet();

  CloudServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 128);
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  public int port() {
    return server.getAddress().getPort();
  }

  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + port());
  }

  /** Accepts a bearer token. */
  public void accept(String token) {
    tokens.add(token);
  }

  /** Refuses a bearer token as expired. */
  public void refuse(String token) {
    tokens.remove(token);
  }

  /** Creates a bucket or container, and returns its objects by key, in the order of bytes. */
  public Map<String, byte[]> container(String name) {
    return containers.computeIfAbsent(
        name,
        unseen ->
            new ConcurrentSkipListMap<>(
                Comparator.comparing(
                    key -> key.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned)));
  }

  /** Returns the objects of a container; null if there is none of that name. */
  protected ConcurrentSkipListMap<String, byte[]> find(String name) {
    return containers.get(name);
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
              exchange.getRequestURI(),
              Map.copyOf(exchange.getRequestHeaders()));
      requests.add(request);
      byte[] body = exchange.getRequestBody().readAllBytes();
      Response response;
      try {
        response = answer(request, body);
      } catch (RuntimeException e) {
        response = Response.of(500, e.toString());
      }
      if (request.header("Accept-Encoding").contains("gzip")) {
        response = compressed(response);
      }
      response.headers().forEach(exchange.getResponseHeaders()::set);
      boolean empty = request.method().equals("HEAD") || response.body().length == 0;
      if (request.method().equals("HEAD")) {
        exchange
            .getResponseHeaders()
            .set("Content-Length", Integer.toString(response.body().length));
      }
      exchange.sendResponseHeaders(response.status(), empty ? -1 : response.body().length);
      if (!empty) {
        exchange.getResponseBody().write(response.body());
      }
    }
  }

  private static Response compressed(Response response) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(response.body());
    }
    return new Response(response.status(), response.headers(), bytes.toByteArray())
        .with("Content-Encoding", "gzip");
  }

  abstract Response answer(Request request, byte[] body);

  /** Returns an error in the service's form. */
  abstract Response error(int status, String code, String message);

  static String tag(byte[] bytes) {
    return "\"" + Integer.toHexString(Arrays.hashCode(bytes)) + "\"";
  }

  /** Answers GET and HEAD of an object, with ranges and conditions. */
  Response object(Request request, byte[] bytes, String changed, String noRange) {
    String tag = tag(bytes);
    String now = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
    String condition = request.header("If-Match");
    if (!condition.isEmpty() && !condition.equals(tag)) {
      return error(412, changed, "condition");
    }
    Matcher range = RANGE.matcher(request.header("Range"));
    if (!range.matches()) {
      return new Response(200, Map.of("ETag", tag, "Last-Modified", now), bytes);
    }
    long from = Long.parseLong(range.group(1));
    int to = (int) Math.min(bytes.length, Long.parseLong(range.group(2)) + 1);
    if (from >= bytes.length) {
      return error(416, noRange, "range");
    }
    return new Response(206, Map.of("ETag", tag), Arrays.copyOfRange(bytes, (int) from, to))
        .with("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + bytes.length);
  }

  /** One page of a listing. */
  record Listed(List<String> keys, List<String> prefixes, String next) {}

  /** Lists keys after one of them, folded at the delimiter. */
  static Listed list(
      ConcurrentSkipListMap<String, byte[]> objects,
      String prefix,
      String delimiter,
      String after,
      int max) {
    List<String> keys = new ArrayList<>();
    List<String> prefixes = new ArrayList<>();
    String last = "";
    for (String key : objects.keySet()) {
      if (!key.startsWith(prefix) || objects.comparator().compare(key, after) <= 0) {
        continue;
      }
      int fold = delimiter.isEmpty() ? -1 : key.indexOf(delimiter, prefix.length());
      String directory = fold < 0 ? "" : key.substring(0, fold + 1);
      if (!directory.isEmpty() && (prefixes.contains(directory) || after.startsWith(directory))) {
        last = key;
        continue;
      }
      if (keys.size() + prefixes.size() == max) {
        return new Listed(keys, prefixes, last);
      }
      if (directory.isEmpty()) {
        keys.add(key);
      } else {
        prefixes.add(directory);
      }
      last = key;
    }
    return new Listed(keys, prefixes, "");
  }

  static String xml(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
