package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A web server and the path on it that keys are relative to. Keys are URL paths in which only
 * illegal characters are encoded, so that a key may carry a query, such as a signature.
 *
 * @param base {@code https://HOST[:PORT]/PATH/}, with a slash at its end
 */
record HttpLocation(String base) {
  private static final String LEGAL = "-._~:/?@!$&'()*+,;=";

  /** Returns whether a URI names a web server. */
  static boolean isHttp(String uri) {
    String lower = uri.toLowerCase(Locale.ROOT);
    return lower.startsWith("https://") || lower.startsWith("http://");
  }

  /**
   * Parses a URI.
   *
   * @param uri {@code https://HOST[:PORT][/PATH]}
   * @throws ConfigurationException if it is anything else
   */
  static HttpLocation parse(String uri) {
    try {
      URI parsed = new URI(uri);
      if (parsed.getHost() != null && parsed.getUserInfo() == null && parsed.getQuery() == null) {
        return new HttpLocation(uri.endsWith("/") ? uri : uri + "/");
      }
    } catch (URISyntaxException e) {
      throw new ConfigurationException(mismatch(uri), e);
    }
    throw new ConfigurationException(mismatch(uri));
  }

  private static String mismatch(String uri) {
    return Mismatch.of(
        "web server", "https://HOST[:PORT][/PATH] without credentials", ObjectStores.redacted(uri));
  }

  /** Returns the host. */
  String host() {
    return URI.create(origin(base)).getHost();
  }

  /** Returns scheme, host and port of a URL: {@code https://host:8443}. */
  static String origin(String url) {
    int path = url.indexOf('/', url.indexOf("://") + 3);
    return (path < 0 ? url : url.substring(0, path)).toLowerCase(Locale.ROOT);
  }

  /**
   * Returns the URL of a key.
   *
   * @throws IllegalArgumentException if the key leads out of the base, or cannot be part of a URL
   */
  URI url(String key) {
    String path = key.indexOf('?') < 0 ? key : key.substring(0, key.indexOf('?'));
    String decoded = path.replaceAll("(?i)%2e", ".").replaceAll("(?i)%2f", "/");
    for (String segment : decoded.split("/", -1)) {
      if (segment.equals("..") || segment.equals(".")) {
        throw new IllegalArgumentException("the key leads out of " + base);
      }
    }
    if (key.startsWith("/")) {
      throw new IllegalArgumentException("the key leads out of " + base);
    }
    return URI.create(base + encode(key));
  }

  /** Encodes every character that cannot be part of a URL's path or query. */
  private static String encode(String text) {
    StringBuilder encoded = new StringBuilder();
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length; i++) {
      int c = bytes[i] & 0xFF;
      boolean escape =
          c == '%'
              && i + 2 < bytes.length
              && Character.digit(bytes[i + 1], 16) >= 0
              && Character.digit(bytes[i + 2], 16) >= 0;
      boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || LEGAL.indexOf(c) >= 0);
      if (plain || escape) {
        encoded.append((char) c);
      } else {
        encoded.append('%').append(String.format(Locale.ROOT, "%02X", c));
      }
    }
    return encoded.toString();
  }
}
