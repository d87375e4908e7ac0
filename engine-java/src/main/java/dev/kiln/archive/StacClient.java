package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Talks JSON with a STAC API. What may pass (429, 5xx, a lost connection) is tried again up to five
 * times, after the time that the API asks for or else twice as long as before.
 */
public final class StacClient {
  private static final Logger log = LoggerFactory.getLogger(StacClient.class);

  private static final int TRIES = 6;
  private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(5);
  private static final Duration CONNECT = Duration.ofSeconds(20);
  private static final Duration ANSWER = Duration.ofMinutes(2);
  private static final Set<Integer> PASSING = Set.of(408, 425, 429, 500, 502, 503, 504);

  /**
   * One request.
   *
   * @param uri whom to ask
   * @param body posted; a GET if there is none
   */
  record Request(URI uri, Optional<ObjectNode> body) {}

  /** Waits; tests only note how long. */
  @FunctionalInterface
  interface Pause {
    void sleep(Duration time) throws InterruptedException;
  }

  private final HttpClient http =
      HttpClient.newBuilder()
          .connectTimeout(CONNECT)
          .followRedirects(HttpClient.Redirect.NORMAL)
          .build();
  private final Pause pause;

  /** A client that waits between tries. */
  public StacClient() {
    this(time -> Thread.sleep(time.toMillis()));
  }

  StacClient(Pause pause) {
    this.pause = pause;
  }

  /**
   * Sends a request and reads the answer.
   *
   * @throws ConfigurationException if the API refuses, or answers anything but JSON
   * @throws IOException if it still fails after all tries
   */
  JsonNode send(Request request) throws IOException {
    for (int tries = 1; ; tries++) {
      String failure;
      Optional<Duration> asked = Optional.empty();
      IOException cause = null;
      try {
        HttpResponse<byte[]> answer =
            http.send(encode(request), HttpResponse.BodyHandlers.ofByteArray());
        if (!PASSING.contains(answer.statusCode())) {
          return decode(request, answer);
        }
        failure = "status " + answer.statusCode();
        asked = answer.headers().firstValue("Retry-After").flatMap(StacClient::retryAfter);
      } catch (IOException e) {
        failure = e.toString();
        cause = e;
      } catch (InterruptedException e) {
        throw interrupted(request, e);
      }
      Duration wait = asked.orElse(backoff(tries));
      if (tries == TRIES || wait.compareTo(LONGEST_WAIT) > 0) {
        throw new IOException(
            "--api "
                + request.uri()
                + ": "
                + failure
                + " at try "
                + tries
                + asked.map(time -> ", asks to wait " + time.toSeconds() + " s").orElse("")
                + ": try again later",
            cause);
      }
      log.warn(
          "{}: {}, try {} of {} in {} ms",
          request.uri(),
          failure,
          tries + 1,
          TRIES,
          wait.toMillis());
      try {
        pause.sleep(wait);
      } catch (InterruptedException e) {
        throw interrupted(request, e);
      }
    }
  }

  private static HttpRequest encode(Request request) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(request.uri())
            .timeout(ANSWER)
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

  private static JsonNode decode(Request request, HttpResponse<byte[]> answer) {
    if (answer.statusCode() != 200) {
      String said = new String(answer.body(), StandardCharsets.UTF_8).strip();
      throw new ConfigurationException(
          "--api "
              + request.uri()
              + ": expected status 200, found "
              + answer.statusCode()
              + ": "
              + said.substring(0, Math.min(said.length(), 300)).replaceAll("\\s+", " "));
    }
    try {
      return JsonMapper.shared().readTree(answer.body());
    } catch (JacksonException e) {
      throw new ConfigurationException(
          "--api " + request.uri() + ": expected JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** Doubles with each try; a random share keeps many jobs from coming back at once. */
  private static Duration backoff(int tries) {
    double share = 0.5 + ThreadLocalRandom.current().nextDouble() / 2;
    return Duration.ofMillis((long) (FIRST_WAIT.toMillis() * share * (1 << (tries - 1))));
  }

  /** Seconds, or a date. */
  private static Optional<Duration> retryAfter(String header) {
    try {
      return Optional.of(Duration.ofSeconds(Math.max(0, Long.parseLong(header.strip()))));
    } catch (NumberFormatException notSeconds) {
      try {
        Instant until =
            ZonedDateTime.parse(header.strip(), DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
        Duration left = Duration.between(Instant.now(), until);
        return Optional.of(left.isNegative() ? Duration.ZERO : left);
      } catch (DateTimeException notDate) {
        return Optional.empty();
      }
    }
  }

  private static IOException interrupted(Request request, InterruptedException e) {
    Thread.currentThread().interrupt();
    return new IOException("--api " + request.uri() + ": interrupted", e);
  }
}
