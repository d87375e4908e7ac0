package dev.kiln.explore;

import com.sun.net.httpserver.Headers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Who may use the server. On a loopback address these are the users of this machine; elsewhere it
 * is everyone who knows the token, which is part of the first URL and a cookie from then on.
 *
 * <p>The name by which a browser addresses the server must be this machine's: otherwise the page of
 * another web site, whose name was made to point here, could read from it.
 */
final class Access {
  private static final String COOKIE = "kiln-explore";
  private static final int TOKEN_BYTES = 16;

  private final InetSocketAddress bound;
  private final String host;
  private final Optional<String> token;

  /**
   * Creates the rules of a server.
   *
   * @param host name or address that the user asked the server to listen on
   * @param bound address that it listens on
   */
  Access(String host, InetSocketAddress bound) {
    this.host = host.toLowerCase(Locale.ROOT);
    this.bound = bound;
    this.token =
        bound.getAddress().isLoopbackAddress() ? Optional.empty() : Optional.of(randomToken());
  }

  private static String randomToken() {
    byte[] bytes = new byte[TOKEN_BYTES];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** Returns the URL to open. */
  String url() {
    InetAddress address = bound.getAddress();
    String name =
        address.isAnyLocalAddress()
            ? localName()
            : address.isLoopbackAddress() ? literal(address) : bracketed(host);
    return "http://%s:%d/%s"
        .formatted(name, bound.getPort(), token.map(t -> "?token=" + t).orElse(""));
  }

  private static String localName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "127.0.0.1";
    }
  }

  private static String literal(InetAddress address) {
    return bracketed(address.getHostAddress().replaceFirst("%.*", ""));
  }

  private static String bracketed(String name) {
    return name.contains(":") && !name.startsWith("[") ? "[" + name + "]" : name;
  }

  /**
   * Checks the name by which the server was addressed.
   *
   * @throws BadRequestException if it is not one of this machine
   */
  void requireHost(Headers headers) {
    List<String> values = headers.getOrDefault("Host", List.of());
    String port = ":" + bound.getPort();
    String value = values.size() == 1 ? values.get(0).toLowerCase(Locale.ROOT) : "";
    // Browsers leave out port 80.
    String full = bound.getPort() == 80 && !value.matches(".*:\\d+") ? value + port : value;
    String name = full.endsWith(port) ? full.substring(0, full.length() - port.length()) : "";
    boolean known = name.equals("localhost") || name.equals(host) || name.equals(bracketed(host));
    if (bound.getAddress().isLoopbackAddress()) {
      known |= name.equals("[::1]") || name.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
    } else {
      // An address cannot be made to point elsewhere.
      known |= name.matches("\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9a-f:]+\\]");
      known |= name.equals(localName().toLowerCase(Locale.ROOT));
    }
    if (!known || name.isEmpty()) {
      throw new BadRequestException(
          421, "unknown host name: open the URL that kiln explore printed");
    }
  }

  /**
   * Checks that a request that changes or computes something comes from the server's own page.
   *
   * @throws BadRequestException if another page sent it
   */
  void requireOwnPage(Headers headers) {
    String origin = headers.getFirst("Origin");
    if (origin != null && !origin.equalsIgnoreCase("http://" + headers.getFirst("Host"))) {
      throw new BadRequestException(403, "the request comes from another web site");
    }
    String site = headers.getFirst("Sec-Fetch-Site");
    if (site != null && !site.equals("same-origin") && !site.equals("none")) {
      throw new BadRequestException(403, "the request comes from another web site");
    }
  }

  /** Returns whether a text is the token. */
  boolean isToken(String text) {
    return token.isPresent() && text != null && equal(token.get(), text);
  }

  /** Returns whether a request is allowed: no token is needed or its cookie is the token. */
  boolean isKnown(Headers headers) {
    return token.isEmpty()
        || headers.getOrDefault("Cookie", List.of()).stream()
            .flatMap(line -> List.of(line.split(";")).stream())
            .map(String::strip)
            .anyMatch(cookie -> equal(cookieValue(), cookie));
  }

  private String cookieValue() {
    // Browsers share cookies between the ports of a host.
    return COOKIE + "-" + bound.getPort() + "=" + token.orElse("");
  }

  /** Returns the value of {@code Set-Cookie} that stores the token in the browser. */
  String cookie() {
    return cookieValue() + "; Path=/; HttpOnly; SameSite=Lax";
  }

  /** Compares in time that does not depend on where the texts differ. */
  private static boolean equal(String expected, String found) {
    return MessageDigest.isEqual(
        expected.getBytes(StandardCharsets.UTF_8), found.getBytes(StandardCharsets.UTF_8));
  }
}
