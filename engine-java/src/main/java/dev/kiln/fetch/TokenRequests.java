package dev.kiln.fetch;

import dev.kiln.error.RetryPolicy;
import dev.kiln.fetch.RequestException.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Requests to services that issue tokens. Retries are those of the request that needs the token.
 */
final class TokenRequests {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** Services of a machine answer within milliseconds; elsewhere there is none. */
  private static final Duration MACHINE_LIMIT = Duration.ofSeconds(2);

  private static final int DEFAULT_SECONDS = 600;

  /** Azure's service of the machine responds 410 while it is being updated. */
  private static final Set<Integer> TRANSIENT = Set.of(408, 410, 429);

  private final HttpClient client;

  /**
   * Creates a client.
   *
   * @param options certificates and limits
   */
  TokenRequests(StoreOptions options) {
    this.client =
        WebAccess.builder(options)
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(WebAccess.connectLimit(options))
            .build();
  }

  /**
   * Sends a GET request.
   *
   * @param what is requested, for messages
   * @param headers of the request
   * @param limit of the whole request
   */
  JsonNode get(String what, URI url, Map<String, String> headers, Duration limit)
      throws RequestException {
    HttpRequest.Builder builder = HttpRequest.newBuilder(url).timeout(limit);
    headers.forEach(builder::header);
    return send(what, builder.build());
  }

  /**
   * Sends a GET request to a service that only machines of one cloud have.
   *
   * @param what is requested, for messages
   * @param headers of the request
   * @param named whether the environment names the service, so that it should be there
   * @throws RequestException of kind MISSING if there is no such service, or it has no token
   */
  JsonNode ofMachine(String what, URI url, Map<String, String> headers, boolean named)
      throws RequestException {
    try {
      return get(what, url, headers, MACHINE_LIMIT);
    } catch (RequestException e) {
      boolean none = e.kind() == Kind.CONFIGURATION || !named && isUnconnected(e.getCause());
      throw none ? new RequestException(Kind.MISSING, e.getMessage(), e) : e;
    }
  }

  private static boolean isUnconnected(Throwable cause) {
    return cause instanceof ConnectException
        || cause instanceof HttpConnectTimeoutException
        || cause instanceof NoRouteToHostException;
  }

  /** Sends a GET request with the usual limit. */
  JsonNode get(String what, URI url, Map<String, String> headers) throws RequestException {
    return get(what, url, headers, LIMIT);
  }

  /**
   * Sends a form.
   *
   * @param what is requested, for messages
   * @param fields of the form
   */
  JsonNode post(String what, URI url, Map<String, String> fields) throws RequestException {
    String form =
        fields.entrySet().stream()
            .map(
                field ->
                    CloudLocation.encodeQuery(field.getKey())
                        + "="
                        + CloudLocation.encodeQuery(field.getValue()))
            .collect(Collectors.joining("&"));
    return send(
        what,
        HttpRequest.newBuilder(url)
            .timeout(LIMIT)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build());
  }

  /**
   * Sends JSON with a bearer token.
   *
   * @param what is requested, for messages
   * @param token of the caller
   * @param json body
   */
  JsonNode postJson(String what, URI url, String token, String json) throws RequestException {
    return send(
        what,
        HttpRequest.newBuilder(url)
            .timeout(LIMIT)
            .header("Content-Type", "application/json")
            .header("Authorization", "Bearer " + token)
            .POST(HttpRequest.BodyPublishers.ofString(json))
            .build());
  }

  private JsonNode send(String what, HttpRequest request) throws RequestException {
    HttpResponse<byte[]> response;
    try {
      response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new RequestException(
          Kind.TRANSIENT,
          what
              + ": "
              + HttpErrors.of(e, HttpLocation.origin(request.uri().toString())).getMessage(),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RequestException(Kind.TRANSIENT, what + ": interrupted", e);
    }
    int status = response.statusCode();
    if (status >= 500 || TRANSIENT.contains(status)) {
      throw new RequestException(
          Kind.TRANSIENT,
          what + ": the server responded " + status,
          null,
          response.headers().firstValue("Retry-After").flatMap(RetryPolicy::parseRetryAfter));
    }
    JsonNode json;
    try {
      json = JsonMapper.shared().readTree(response.body());
    } catch (JacksonException e) {
      json = JsonMapper.shared().missingNode();
    }
    if (status != 200) {
      throw new RequestException(
          Kind.CONFIGURATION,
          what + ": the server responded " + status + reason(json, response.body()),
          null);
    }
    return json;
  }

  /** Returns the error of OAuth and of Google's and Microsoft's services, in one line. */
  private static String reason(JsonNode json, byte[] body) {
    JsonNode error = json.path("error");
    String code = error.isString() ? error.asString("") : error.path("message").asString("");
    String description = json.path("error_description").asString("");
    String text =
        code.isEmpty() && description.isEmpty()
            ? new String(body, 0, Math.min(200, body.length), StandardCharsets.UTF_8)
            : code + " " + description;
    String line = text.replaceAll("<[^>]*>", " ").replaceAll("\\s+", " ").strip();
    return line.isEmpty() ? "" : ": " + line.substring(0, Math.min(200, line.length()));
  }

  /**
   * Returns the token of an OAuth response.
   *
   * @param what was requested, for messages
   * @throws RequestException if it has none
   */
  static CachedToken.Token token(String what, JsonNode response) throws RequestException {
    String value = response.path("access_token").asString("");
    if (value.isEmpty()) {
      throw new RequestException(
          Kind.CONFIGURATION, what + ": expected an access_token, found none", null);
    }
    // Some services send numbers as text.
    String seconds = response.path("expires_in").asString(Integer.toString(DEFAULT_SECONDS));
    long left = seconds.matches("\\d{1,9}") ? Long.parseLong(seconds) : DEFAULT_SECONDS;
    return new CachedToken.Token(value, Instant.now().plusSeconds(left));
  }

  /** Parses a URL from a file or variable. */
  static URI url(String what, String text) throws RequestException {
    Optional<URI> url = Optional.empty();
    try {
      url = Optional.of(URI.create(text));
    } catch (IllegalArgumentException e) {
      // Reported below.
    }
    if (url.isEmpty() || url.get().getHost() == null || !isConfidential(url.get())) {
      throw new RequestException(
          Kind.CONFIGURATION, what + ": expected an https URL, found '" + text + "'", null);
    }
    return url.get();
  }

  /** Returns whether secrets may be sent to a URL: by TLS, or within this machine. */
  static boolean isConfidential(URI url) {
    String host = String.valueOf(url.getHost());
    return "https".equals(url.getScheme())
        || "http".equals(url.getScheme())
            && (host.equals("localhost") || host.matches("127(\\.\\d{1,3}){3}|\\[::1\\]"));
  }
}
