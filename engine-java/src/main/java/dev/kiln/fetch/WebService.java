package dev.kiln.fetch;

import dev.kiln.fetch.RequestException.Kind;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/**
 * A web server.
 *
 * @param location of the server
 * @param credentials for its own origin; empty for none
 */
record WebService(HttpLocation location, Optional<HttpCredentials> credentials)
    implements HttpService {
  @Override
  public String uri(String key) {
    return ObjectStores.redacted(location.base() + key);
  }

  @Override
  public URI url(String key) {
    return location.url(key);
  }

  @Override
  public boolean owns(URI url) {
    return HttpLocation.origin(url.toString()).equals(HttpLocation.origin(location.base()));
  }

  @Override
  public boolean isAnonymous() {
    return credentials.isEmpty();
  }

  @Override
  public HttpCall authorize(HttpCall call) {
    return credentials.map(header -> call.with(header.name(), header.value())).orElse(call);
  }

  @Override
  public Optional<RequestException> error(Failure failure) {
    if (failure.status() == 404 || failure.status() == 410) {
      return Optional.of(
          new RequestException(
              Kind.MISSING, "no such object on " + HttpLocation.origin(location.base()), null));
    }
    if (failure.status() != 401 && failure.status() != 403) {
      return Optional.empty();
    }
    String text = failure.text();
    String found = "the server responded " + failure.status() + (text.isEmpty() ? "" : ": " + text);
    // Azure's text of a URL whose time is over; the clock may also be early.
    boolean expired =
        text.toLowerCase(Locale.ROOT)
            .matches("(?s).*(expired|signed expiry time|not valid in the specified time frame).*");
    String advice =
        expired
            ? ": the signature or token has expired: renew it"
            : credentials.isEmpty()
                ? ": the request was anonymous; set SOURCE_BEARER_TOKEN, SOURCE_HEADER or an entry"
                    + " in ~/.netrc"
                : ": the credentials do not permit it";
    return Optional.of(new RequestException(Kind.DENIED, found + advice, null));
  }
}
