package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.RetryPolicy;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sends JSON requests to a STAC API. Transient errors (429, 5xx, a lost connection) are retried up
 * to five times, after the time in {@code Retry-After} or with exponential backoff.
 */
public final class StacClient {
  private static final Logger log = LoggerFactory.getLogger(StacClient.class);

  private static final RetryPolicy RETRIES =
      new RetryPolicy(6, Duration.ofSeconds(1), Duration.ofMinutes(5));
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);
  private static final Duration RESPONSE_TIMEOUT = Duration.ofMinutes(2);
  private static final Set<Integer> TRANSIENT = Set.of(408, 425, 429, 500, 502, 503, 504);

  /**
   * One request.
   *
   * @param uri to request
   * @param body of a POST; empty for a GET
   */
  record Request(URI uri, Optional<ObjectNode> body) {}

  /** A request failed with a transient error. */
  private static final class TransientException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient Optional<Duration> retryAfter;

    TransientException(String message, Optional<Duration> retryAfter, IOException cause) {
      super(message, cause);
      this.retryAfter = retryAfter;
    }
  }

  private final HttpClient http =
      HttpClient.newBuilder()
          .connectTimeout(CONNECT_TIMEOUT)
          .followRedirects(HttpClient.Redirect.NORMAL)
          .build();
  private final RetryPolicy.Sleeper sleeper;

  /** Creates a client. */
  public StacClient() {
    this(RetryPolicy.Sleeper.THREAD);
  }

  /**
   * Creates a client for tests.
   *
   * @param sleeper waits between attempts
   */
  StacClient(RetryPolicy.Sleeper sleeper) {
    this.sleeper = sleeper;
  }

  /**
   * Sends a request and reads the response.
   *
   * @param request to send
   * @return the response
   * @throws ConfigurationException if the API rejects the request, or the response is not JSON
   * @throws IOException if the last attempt failed with a transient error
   */
  JsonNode send(Request request) throws IOException {
    String api = "--api " + request.uri();
    try {
      return RETRIES.call(
          log,
          api,
          e ->
              e instanceof TransientException failed
                  ? RetryPolicy.Verdict.retryAfter(failed.retryAfter)
                  : RetryPolicy.Verdict.PERMANENT,
          sleeper,
          attempt -> sendOnce(request));
    } catch (TransientException e) {
      throw new IOException(api + ": " + e.getMessage() + ": try again later", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(api + ": interrupted", e);
    }
  }

  private JsonNode sendOnce(Request request) throws TransientException, InterruptedException {
    HttpResponse<byte[]> response;
    try {
      response = http.send(encode(request), HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new TransientException(e.toString(), Optional.empty(), e);
    }
    if (TRANSIENT.contains(response.statusCode())) {
      Optional<Duration> asked =
          response.headers().firstValue("Retry-After").flatMap(RetryPolicy::parseRetryAfter);
      throw new TransientException(
          "status "
              + response.statusCode()
              + asked.map(time -> ", Retry-After " + time.toSeconds() + " s").orElse(""),
          asked,
          null);
    }
    return decode(request, response);
  }

  private static HttpRequest encode(Request request) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(request.uri())
            .timeout(RESPONSE_TIMEOUT)
            .header("Accept", "application/geo+json, application/json");
    request
        .body()
        .ifPresent(
            body ->
                builder
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body.toString())));
    return builder.build();
  }

  private static JsonNode decode(Request request, HttpResponse<byte[]> response) {
    if (response.statusCode() != 200) {
      String body = new String(response.body(), StandardCharsets.UTF_8).strip();
      throw new ConfigurationException(
          "--api "
              + request.uri()
              + ": expected status 200, found "
              + response.statusCode()
              + ": "
              + body.substring(0, Math.min(body.length(), 300)).replaceAll("\\s+", " "));
    }
    try {
      return JsonMapper.shared().readTree(response.body());
    } catch (JacksonException e) {
      throw new ConfigurationException(
          "--api " + request.uri() + ": expected JSON, found " + e.getOriginalMessage(), e);
    }
  }
}
