package dev.kiln.fetch;

import java.net.URI;
import java.net.http.HttpHeaders;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What distinguishes services that are reached by HTTP: URLs, credentials and errors. */
interface HttpService {
  /**
   * A response that is not a success.
   *
   * @param method of the request
   * @param status code
   * @param headers of the response
   * @param body its beginning, as sent
   */
  record Failure(String method, int status, HttpHeaders headers, String body) {
    private static final Pattern CODE = Pattern.compile("<Code>(\\w+)</Code>");
    private static final Pattern MESSAGE = Pattern.compile("<Message>([^<]*)</Message>");

    /** Returns the code of an error in XML, as most object stores send it; empty for none. */
    String code() {
      Matcher matcher = CODE.matcher(body);
      return matcher.find() ? matcher.group(1) : "";
    }

    /** Returns the message of an error in XML; if it has none, all text. */
    String message() {
      Matcher matcher = MESSAGE.matcher(body);
      return matcher.find() ? matcher.group(1) : text();
    }

    /** Returns status and code, for messages. */
    String found(String code) {
      return "the service responded " + status + (code.isEmpty() ? "" : " " + code);
    }

    /** Returns the body in one line of at most 200 characters, without markup. */
    String text() {
      String line = body.replaceAll("<[^>]*>", " ").replaceAll("\\s+", " ").strip();
      return line.substring(0, Math.min(line.length(), 200));
    }
  }

  /** Returns the full name of an object, for messages. */
  String uri(String key);

  /**
   * Returns the URL of an object.
   *
   * @throws IllegalArgumentException if the key cannot be part of a URL of this service
   */
  URI url(String key);

  /** Returns whether requests carry no credentials. */
  boolean isAnonymous();

  /**
   * Returns whether a URL belongs to the service itself. Redirects to other places get no
   * credentials.
   */
  default boolean owns(URI url) {
    return HttpLocation.origin(url.toString()).equals(HttpLocation.origin(url("").toString()));
  }

  /**
   * Adds credentials to a request to this service.
   *
   * @throws RequestException if credentials cannot be obtained
   */
  HttpCall authorize(HttpCall call) throws RequestException;

  /** Looks credentials up again, because they were refused as expired. */
  default void renew() {}

  /**
   * Returns what an error of this service means; empty for the meaning of its status alone.
   *
   * @param failure the response
   */
  Optional<RequestException> error(Failure failure);
}
