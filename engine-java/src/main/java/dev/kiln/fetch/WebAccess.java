package dev.kiln.fetch;

import dev.kiln.http.HttpClientOptions;
import dev.kiln.http.TrustedCertificates;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** How web services that are no stores are reached: with the same certificates and credentials. */
public final class WebAccess {
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);

  private WebAccess() {}

  /**
   * {@return scheme, host and port of a URL, in lower case}
   *
   * @param url of a web server
   */
  public static String origin(URI url) {
    return HttpLocation.origin(url.toString());
  }

  /**
   * Returns the headers that authorize requests to a web server.
   *
   * @param url that the user named
   * @param options whether credentials are sent, and the environment that has them
   * @return header values by name; secret
   */
  public static Map<String, String> credentials(URI url, StoreOptions options) {
    return HttpCredentials.find(
            url.getHost(), options.sendsCredentials(), options.cloud().environment())
        .map(header -> Map.of(header.name(), header.value()))
        .orElse(Map.of());
  }

  /** Returns a client for objects, with the limits and certificates of the options. */
  static dev.kiln.http.HttpClient client(StoreOptions options) {
    return new dev.kiln.http.HttpClient(
        new HttpClientOptions(
            connectLimit(options),
            options.limits().stallLimit(),
            options.certificates(),
            options.cloud().environment()));
  }

  /** Returns the longest time to connect. */
  static Duration connectLimit(StoreOptions options) {
    Duration stall = options.limits().stallLimit();
    return stall.compareTo(CONNECT_LIMIT) < 0 ? stall : CONNECT_LIMIT;
  }

  /**
   * {@return a builder of a client that trusts the certificate authorities of the options}
   *
   * @param options with certificate authorities
   */
  public static HttpClient.Builder builder(StoreOptions options) {
    HttpClient.Builder builder = HttpClient.newBuilder();
    options.certificates().ifPresent(file -> builder.sslContext(TrustedCertificates.context(file)));
    return builder;
  }

  /**
   * Returns why a redirect is refused. A server may redirect to itself; to others if they are
   * permitted, and never from outside into the machine's own network.
   *
   * @param from URL of the request
   * @param to where it is redirected, by HTTP or HTTPS
   * @param options with the permitted servers
   * @return what is wrong, and the option to add; empty if the redirect may be followed
   */
  public static Optional<String> refusedRedirect(URI from, URI to, StoreOptions options) {
    String host = String.valueOf(to.getHost()).toLowerCase(Locale.ROOT);
    if (host.equalsIgnoreCase(from.getHost())) {
      return Optional.empty();
    }
    if (InternalHosts.contains(host) && !InternalHosts.contains(from.getHost())) {
      return Optional.of(
          "refused a redirect to " + host + ", which is in this machine's own network");
    }
    return options.redirectHosts().filter(permitted -> !permitted.contains(host)).isPresent()
        ? Optional.of("refused a redirect to " + host + ": allow it with --allow-host " + host)
        : Optional.empty();
  }

  /**
   * {@return the reason of a request that got no response, without class names}
   *
   * @param failure of the request
   * @param url that was requested
   */
  public static String failedConnection(Throwable failure, URI url) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof UnresolvedAddressException) {
        return "cannot resolve the host name of " + origin(url);
      }
    }
    return HttpErrors.connection(failure, origin(url));
  }

  /**
   * Explains a connection that failed because of the server's certificate.
   *
   * @param failure of a request
   * @return what is wrong, and the option to add; empty for any other failure
   */
  public static Optional<String> untrusted(Throwable failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof CertificateException || e instanceof CertPathBuilderException) {
        return Optional.of(
            "the server's certificate is not trusted ("
                + e.getMessage()
                + "): give its authority with --ca-certificates FILE");
      }
    }
    return Optional.empty();
  }
}
