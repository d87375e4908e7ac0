package dev.kiln.http;

import dev.kiln.error.ConfigurationException;
import dev.kiln.http.HttpClient.Origin;
import io.netty.handler.proxy.HttpProxyHandler;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * An HTTP proxy: of Java's system properties ({@code https.proxyHost} and so on), else of the
 * variables that {@code curl} and the AWS tools read ({@code HTTPS_PROXY}, {@code HTTP_PROXY}, and
 * {@code NO_PROXY} for exceptions).
 *
 * @param host of the proxy
 * @param port of the proxy
 * @param user name and password as {@code NAME:PASSWORD}; secret; empty for none
 */
record Proxy(String host, int port, Optional<String> user) {
  /** Returns the proxy to reach a server; empty for none. */
  static Optional<Proxy> of(Origin origin, Map<String, String> environment) {
    return ofProperties(origin).or(() -> ofEnvironment(origin, environment));
  }

  private static Optional<Proxy> ofProperties(Origin origin) {
    String host = origin.host().contains(":") ? "[" + origin.host() + "]" : origin.host();
    URI url = URI.create((origin.secure() ? "https" : "http") + "://" + host + ":" + origin.port());
    return ProxySelector.getDefault().select(url).stream()
        .filter(proxy -> proxy.type() == java.net.Proxy.Type.HTTP)
        .map(proxy -> (InetSocketAddress) proxy.address())
        .map(address -> new Proxy(address.getHostString(), address.getPort(), Optional.empty()))
        .findFirst();
  }

  private static Optional<Proxy> ofEnvironment(Origin origin, Map<String, String> environment) {
    String name = origin.secure() ? "https_proxy" : "http_proxy";
    String value = variable(environment, name);
    if (value.isEmpty() || isExcepted(origin.host(), variable(environment, "no_proxy"))) {
      return Optional.empty();
    }
    try {
      URI url = URI.create(value.contains("://") ? value : "http://" + value);
      if (url.getHost() != null && "http".equalsIgnoreCase(url.getScheme())) {
        return Optional.of(
            new Proxy(
                url.getHost(),
                url.getPort() < 0 ? 80 : url.getPort(),
                Optional.ofNullable(url.getRawUserInfo())
                    .map(user -> URLDecoder.decode(user, StandardCharsets.UTF_8))));
      }
    } catch (IllegalArgumentException e) {
      // Reported below, without the value, which may contain a password.
    }
    throw new ConfigurationException(
        name.toUpperCase(Locale.ROOT) + ": expected http://HOST:PORT, found another value");
  }

  private static String variable(Map<String, String> environment, String name) {
    String lower = environment.getOrDefault(name, "");
    return (lower.isEmpty() ? environment.getOrDefault(name.toUpperCase(Locale.ROOT), "") : lower)
        .strip();
  }

  /** Returns whether a list of hosts and domains, separated by commas, names a host. */
  private static boolean isExcepted(String host, String list) {
    String name = host.toLowerCase(Locale.ROOT);
    for (String entry : list.toLowerCase(Locale.ROOT).split("[,\\s]+")) {
      String domain = entry.replaceFirst("^\\*?\\.", "");
      if (entry.equals("*")
          || !domain.isEmpty() && (name.equals(domain) || name.endsWith("." + domain))) {
        return true;
      }
    }
    return false;
  }

  /** Returns the value of the header that authorizes requests; empty for none. */
  Optional<String> authorization() {
    return user.map(
        text ->
            "Basic " + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * Returns a handler that opens a tunnel.
   *
   * @param address of the proxy
   */
  HttpProxyHandler tunnel(InetSocketAddress address) {
    return user.map(
            text -> {
              int colon = text.indexOf(':');
              return new HttpProxyHandler(
                  address,
                  colon < 0 ? text : text.substring(0, colon),
                  colon < 0 ? "" : text.substring(colon + 1));
            })
        .orElseGet(() -> new HttpProxyHandler(address));
  }

  @Override
  public String toString() {
    return "proxy " + host + ":" + port;
  }
}
