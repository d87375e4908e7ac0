package dev.kiln.otlp;

import com.google.protobuf.UnknownFieldSet;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/**
 * An OpenTelemetry collector on this machine. It decodes requests by the field numbers of
 * opentelemetry-proto: metrics_service.proto, metrics.proto, common.proto, resource.proto.
 */
final class Collector implements AutoCloseable {
  /** A metric with its values by their attributes, such as {@code stage=fetch}. */
  record Metric(String unit, boolean counter, Map<String, Double> values) {}

  /** One request. */
  record Export(
      String path,
      String contentType,
      String token,
      Map<String, String> resource,
      Map<String, Metric> metrics) {}

  private final HttpServer server;
  private final List<Export> exports = new CopyOnWriteArrayList<>();
  private volatile int status = 200;

  Collector() throws IOException {
    this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", this::receive);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Sets the status of further responses; 0 for none at all. */
  void respond(int with) {
    status = with;
  }

  List<Export> exports() {
    return exports;
  }

  Export last() {
    return exports.get(exports.size() - 1);
  }

  private void receive(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    exports.add(decode(exchange, body));
    if (status != 0) {
      exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
      exchange.sendResponseHeaders(status, -1);
      exchange.close();
    }
  }

  private static Export decode(HttpExchange exchange, byte[] body) throws IOException {
    UnknownFieldSet request = UnknownFieldSet.parseFrom(body);
    Map<String, String> resource = new TreeMap<>();
    Map<String, Metric> metrics = new TreeMap<>();
    for (UnknownFieldSet ofResource : messages(request, 1)) {
      for (UnknownFieldSet of : messages(ofResource, 1)) {
        resource.putAll(attributes(of, 1));
      }
      for (UnknownFieldSet scope : messages(ofResource, 2)) {
        for (UnknownFieldSet metric : messages(scope, 2)) {
          metrics.put(text(metric, 1), metric(metric));
        }
      }
    }
    return new Export(
        exchange.getRequestURI().getPath(),
        exchange.getRequestHeaders().getFirst("Content-Type"),
        exchange.getRequestHeaders().getFirst("X-Token"),
        resource,
        metrics);
  }

  private static Metric metric(UnknownFieldSet metric) throws IOException {
    boolean sum = metric.hasField(7);
    UnknownFieldSet data = messages(metric, sum ? 7 : 5).get(0);
    Map<String, Double> values = new TreeMap<>();
    for (UnknownFieldSet point : messages(data, 1)) {
      List<Long> bits = point.getField(4).getFixed64List();
      values.put(
          String.join(
              ",",
              attributes(point, 7).entrySet().stream()
                  .map(e -> e.getKey() + "=" + e.getValue())
                  .toList()),
          Double.longBitsToDouble(bits.get(0)));
    }
    // Cumulative and monotonic.
    boolean counter =
        sum
            && data.getField(2).getVarintList().equals(List.of(2L))
            && data.getField(3).getVarintList().equals(List.of(1L));
    return new Metric(text(metric, 3), counter, values);
  }

  private static Map<String, String> attributes(UnknownFieldSet of, int number) throws IOException {
    Map<String, String> attributes = new TreeMap<>();
    for (UnknownFieldSet pair : messages(of, number)) {
      UnknownFieldSet value = messages(pair, 2).get(0);
      attributes.put(text(pair, 1), value.hasField(1) ? text(value, 1) : value.toString());
    }
    return attributes;
  }

  private static List<UnknownFieldSet> messages(UnknownFieldSet of, int number) throws IOException {
    List<UnknownFieldSet> messages = new ArrayList<>();
    for (var bytes : of.getField(number).getLengthDelimitedList()) {
      messages.add(UnknownFieldSet.parseFrom(bytes));
    }
    return messages;
  }

  private static String text(UnknownFieldSet of, int number) {
    return of.getField(number).getLengthDelimitedList().get(0).toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
