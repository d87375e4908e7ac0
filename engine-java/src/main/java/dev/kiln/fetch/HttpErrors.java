package dev.kiln.fetch;

import dev.kiln.error.RetryPolicy;
import dev.kiln.fetch.RequestException.Kind;
import io.netty.handler.proxy.ProxyConnectException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;

/** The meaning of failed HTTP requests: by the response, or by the error of the connection. */
final class HttpErrors {
  private static final Set<Integer> TRANSIENT = Set.of(408, 421, 425, 429);

  private HttpErrors() {}

  /**
   * Returns the failure of a request that the service answered.
   *
   * @param service that answered
   * @param failure the response
   */
  static RequestException of(HttpService service, HttpService.Failure failure) {
    int status = failure.status();
    String text = failure.text();
    String found = "the server responded " + status + (text.isEmpty() ? "" : ": " + text);
    if (status >= 500 || TRANSIENT.contains(status)) {
      return new RequestException(
          Kind.TRANSIENT,
          found,
          null,
          failure.headers().firstValue("Retry-After").flatMap(RetryPolicy::parseRetryAfter));
    }
    return service
        .error(failure)
        .orElseGet(
            () ->
                switch (status) {
                  case 401, 403 -> new RequestException(Kind.DENIED, found, null);
                  case 404, 410 -> new RequestException(Kind.MISSING, "no such object", null);
                  case 412 ->
                      new RequestException(
                          Kind.CHANGED, "the object changed while it was read", null);
                  case 416 ->
                      new RequestException(
                          Kind.NO_SUCH_RANGE, "the object is empty (0 bytes)", null);
                  default -> new RequestException(Kind.REFUSED, found, null);
                });
  }

  /**
   * Returns the failure of a request that was not answered.
   *
   * @param thrown by the client
   * @param host that was requested, for messages
   * @throws RuntimeException {@code thrown} itself, if it is a bug
   */
  static RequestException of(Throwable thrown, String host) {
    Throwable cause = thrown;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof RequestException failure) {
      return failure;
    }
    Optional<String> untrusted = WebAccess.untrusted(cause);
    if (untrusted.isPresent()) {
      return new RequestException(Kind.CONFIGURATION, untrusted.get(), cause);
    }
    if (cause instanceof IOException) {
      return new RequestException(Kind.TRANSIENT, connection(cause, host), cause);
    }
    throw cause instanceof RuntimeException bug ? bug : new IllegalStateException(cause);
  }

  /**
   * Returns the reason of a failed connection, with the peer where it was never reached.
   *
   * @param cause of the failure
   * @param host that was requested
   */
  static String connection(Throwable cause, String host) {
    if (cause instanceof HttpConnectTimeoutException) {
      return "no connection to " + host + " in time";
    }
    if (cause instanceof UnknownHostException) {
      return "cannot resolve the host name of " + host;
    }
    if (cause instanceof ProxyConnectException) {
      return "the proxy did not connect to " + host + ": " + message(cause);
    }
    if (cause instanceof ConnectException) {
      return "connection refused by " + host;
    }
    return "connection failed: " + message(cause);
  }

  private static String message(Throwable cause) {
    String text = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return text.replaceAll("\\s+", " ").strip();
  }
}
