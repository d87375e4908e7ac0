package dev.kiln.explore;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the server reads of a request, within limits. */
final class Request {
  private static final int MOST_QUERY = 8 << 10;
  private static final int MOST_BODY = 1 << 20;

  private final HttpExchange exchange;

  Request(HttpExchange exchange) {
    this.exchange = exchange;
  }

  /** Returns the path as sent. It is only compared with known paths, so it is not decoded. */
  String path() {
    String path = exchange.getRequestURI().getRawPath();
    return path == null ? "" : path;
  }

  /** Returns the parameters of the query; the last of each name. */
  Map<String, String> parameters() {
    String query = exchange.getRequestURI().getRawQuery();
    Map<String, String> parameters = new LinkedHashMap<>();
    if (query == null || query.isEmpty()) {
      return parameters;
    }
    if (query.length() > MOST_QUERY) {
      throw new BadRequestException(414, "query: expected at most 8 KiB, found more");
    }
    try {
      for (String pair : query.split("&")) {
        int equals = pair.indexOf('=');
        String name = equals < 0 ? pair : pair.substring(0, equals);
        String value = equals < 0 ? "" : pair.substring(equals + 1);
        parameters.put(
            URLDecoder.decode(name, StandardCharsets.UTF_8),
            URLDecoder.decode(value, StandardCharsets.UTF_8));
      }
    } catch (IllegalArgumentException e) {
      throw new BadRequestException("query: expected percent-encoded text, found another");
    }
    return parameters;
  }

  /** Returns a number of the query. */
  double number(String name) {
    try {
      double value = Double.parseDouble(parameters().getOrDefault(name, ""));
      if (Double.isFinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new BadRequestException(name + ": expected a number, found another value");
  }

  /** Reads the body as a JSON object. */
  JsonNode json() throws IOException {
    String type = exchange.getRequestHeaders().getFirst("Content-Type");
    // A form of another web site cannot send this type.
    if (type == null || !type.toLowerCase(Locale.ROOT).startsWith("application/json")) {
      throw new BadRequestException(415, "body: expected application/json, found another type");
    }
    byte[] body = exchange.getRequestBody().readNBytes(MOST_BODY + 1);
    if (body.length > MOST_BODY) {
      throw new BadRequestException(413, "body: expected at most 1 MiB, found more");
    }
    try {
      JsonNode json = JsonMapper.shared().readTree(body);
      if (json != null && json.isObject()) {
        return json;
      }
    } catch (JacksonException e) {
      // Reported below.
    }
    throw new BadRequestException("body: expected a JSON object, found other text");
  }
}
