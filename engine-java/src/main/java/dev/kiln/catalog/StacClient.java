package dev.kiln.catalog;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Printable;
import dev.kiln.error.RetryPolicy;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.fetch.WebAccess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sends JSON requests to a STAC API. Transient errors (429, 5xx, a lost connection) are retried up
 * to five times, after the time in {@code Retry-After} or with exponential backoff. Credentials
 * from the environment are sent to the API's own origin only.
 */
public final class StacClient {
  private static final Logger log = LoggerFactory.getLogger(StacClient.class);

  private static final RetryPolicy RETRIES =
      new RetryPolicy(6, Duration.ofSeconds(1), Duration.ofMinutes(5));
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);
  private static final Duration RESPONSE_TIMEOUT = Duration.ofMinutes(2);
  private static final Set<Integer> TRANSIENT = Set.of(408, 425, 429, 500, 502, 503, 504);
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final int MAX_REDIRECTS = 5;
  private static final int MAX_ERROR_TEXT = 300;

  /** Size limit of a response in bytes; a page of 100 items has a few megabytes. */
  private static final int MAX_RESPONSE = 256 << 20;

  /**
   * One request.
   *
   * @param uri to request
   * @param body of a POST; empty for a GET
   */
  record Request(URI uri, Optional<ObjectNode> body) {
    /** Returns a GET request. */
    static Request get(URI uri) {
      return new Request(uri, Optional.empty());
    }

    /** Returns the name of the method. */
    String method() {
      return body.isPresent() ? "POST" : "GET";
    }
  }

  /**
   * A response.
   *
   * @param status of HTTP
   * @param type media type; may be empty
   * @param body whole
   */
  record Response(int status, String type, byte[] body) {
    /** Returns whether the content is a web page. */
    boolean isHtml() {
      String start = text(1000).toLowerCase(Locale.ROOT);
      return type.contains("html") || start.startsWith("<!doctype") || start.startsWith("<html");
    }

    /** Returns the first part of the content in one line. */
    String text(int length) {
      String text = new String(body, 0, Math.min(body.length, 4 * length), StandardCharsets.UTF_8);
      String line = Printable.of(text.strip().replaceAll("\\s+", " "));
      return line.substring(0, Math.min(line.length(), length));
    }
  }

  /** A request failed with a transient error. */
  private static final class TransientException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient Optional<Duration> retryAfter;

    TransientException(String message, Optional<Duration> retryAfter, Throwable cause) {
      super(message, cause);
      this.retryAfter = retryAfter;
    }
  }

  private final String option;
  private final StoreOptions options;
  private final String origin;
  private final Map<String, String> credentials;
  private final HttpClient http;
  private final RetryPolicy.Sleeper sleeper;

  /**
   * Creates a client.
   *
   * @param option that names the API, for messages
   * @param api URL of the API
   * @param options certificates and credentials
   */
  public StacClient(String option, URI api, StoreOptions options) {
    this(option, api, options, RetryPolicy.Sleeper.THREAD);
  }

  /**
   * Creates a client for tests.
   *
   * @param sleeper waits between attempts
   */
  StacClient(String option, URI api, StoreOptions options, RetryPolicy.Sleeper sleeper) {
    this.option = option;
    this.options = options;
    this.origin = WebAccess.origin(api);
    this.credentials = WebAccess.credentials(api, options);
    this.http =
        WebAccess.builder(options)
            .connectTimeout(CONNECT_TIMEOUT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
    this.sleeper = sleeper;
  }

  /** {@return a URL after the option that named the API, for messages} */
  String where(URI uri) {
    return option + " " + ObjectStores.redacted(uri.toString());
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
    return json(request, exchange(request));
  }

  /**
   * Parses the response to a request.
   *
   * @throws ConfigurationException if the API rejected the request, or the response is not JSON
   */
  JsonNode json(Request request, Response response) {
    if (response.status() != 200) {
      throw new ConfigurationException(
          where(request.uri())
              + ": expected status 200, found "
              + response.status()
              + ": "
              + response.text(MAX_ERROR_TEXT));
    }
    try {
      return JsonMapper.shared().readTree(response.body());
    } catch (JacksonException e) {
      String found = response.isHtml() ? "a web page (HTML)" : e.getOriginalMessage();
      throw new ConfigurationException(where(request.uri()) + ": expected JSON, found " + found, e);
    }
  }

  /**
   * Sends a request.
   *
   * @param request to send
   * @return the response, of any status that is not transient
   * @throws ConfigurationException if the server's certificate is not trusted
   * @throws IOException if the last attempt failed with a transient error
   */
  Response exchange(Request request) throws IOException {
    String api = where(request.uri());
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

  private Response sendOnce(Request request) throws IOException, InterruptedException {
    Request next = request;
    for (int redirects = 0; ; redirects++) {
      HttpResponse<byte[]> response = receive(next);
      int status = response.statusCode();
      Optional<String> location = response.headers().firstValue("Location");
      if (REDIRECTS.contains(status) && location.isPresent() && redirects < MAX_REDIRECTS) {
        next = redirected(next, status, location.get());
        continue;
      }
      if (TRANSIENT.contains(status)) {
        Optional<Duration> asked =
            response.headers().firstValue("Retry-After").flatMap(RetryPolicy::parseRetryAfter);
        throw new TransientException(
            "status "
                + status
                + asked.map(time -> ", Retry-After " + time.toSeconds() + " s").orElse(""),
            asked,
            null);
      }
      return new Response(
          status, response.headers().firstValue("Content-Type").orElse(""), response.body());
    }
  }

  private HttpResponse<byte[]> receive(Request request) throws IOException, InterruptedException {
    Future<HttpResponse<byte[]>> response =
        http.sendAsync(encode(request), info -> new LimitedBody(MAX_RESPONSE));
    try {
      return response.get(RESPONSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      response.cancel(true);
      throw new TransientException(
          "no response within " + RESPONSE_TIMEOUT.toSeconds() + " s", Optional.empty(), e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof LimitedBody.TooLargeException) {
        throw new ConfigurationException(
            where(request.uri())
                + ": expected a response of at most %,d bytes, found more".formatted(MAX_RESPONSE),
            cause);
      }
      WebAccess.untrusted(cause)
          .ifPresent(
              reason -> {
                throw new ConfigurationException(where(request.uri()) + ": " + reason, cause);
              });
      throw new TransientException(
          WebAccess.failedConnection(cause, request.uri()), Optional.empty(), cause);
    }
  }

  /** A redirect keeps the search, except for one that asks for another resource. */
  private Request redirected(Request request, int status, String location) {
    URI to;
    try {
      to = request.uri().resolve(Urls.encoded(location));
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(where(request.uri()) + ": redirect to an invalid URL", e);
    }
    boolean downgrade =
        "https".equals(request.uri().getScheme()) && !"https".equals(to.getScheme());
    if (downgrade || !Urls.isHttp(to)) {
      throw new ConfigurationException(
          where(request.uri())
              + ": expected a redirect to https, found '"
              + Printable.of(ObjectStores.redacted(to.toString()))
              + "'");
    }
    WebAccess.refusedRedirect(request.uri(), to, options)
        .ifPresent(
            reason -> {
              throw new ConfigurationException(where(request.uri()) + ": " + reason);
            });
    return new Request(to, status == 303 ? Optional.empty() : request.body());
  }

  private HttpRequest encode(Request request) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(request.uri())
            .timeout(RESPONSE_TIMEOUT)
            .header("Accept", "application/geo+json, application/json");
    if (WebAccess.origin(request.uri()).equals(origin)) {
      credentials.forEach(builder::header);
    }
    request
        .body()
        .ifPresent(
            body ->
                builder
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body.toString())));
    return builder.build();
  }
}
