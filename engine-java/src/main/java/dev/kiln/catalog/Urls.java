package dev.kiln.catalog;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/** URLs as they occur in catalogues. */
final class Urls {
  private Urls() {}

  static boolean isHttp(URI uri) {
    return "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
  }

  /** Encodes illegal characters: some APIs return URLs with spaces, braces and bars. */
  static String encoded(String href) {
    StringBuilder encoded = new StringBuilder();
    for (byte b : href.getBytes(StandardCharsets.UTF_8)) {
      boolean legal = b > 0x20 && b < 0x7f && "\"<>\\^`{|}".indexOf(b) < 0;
      encoded.append(legal ? String.valueOf((char) b) : String.format(Locale.ROOT, "%%%02X", b));
    }
    return encoded.toString();
  }

  /**
   * Resolves a link to a web server.
   *
   * @param from URL of the document with the link
   * @return the URL, with illegal characters encoded; empty if the link is none
   */
  static Optional<URI> resolve(URI from, String href) {
    try {
      URI uri = from.resolve(encoded(href));
      return isHttp(uri) && uri.getHost() != null ? Optional.of(uri) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /**
   * {@return the URL of a resource below another one, with the query of that one}
   *
   * @param path without a leading slash
   */
  static URI below(URI base, String path) {
    String text = base.toString();
    int query = text.indexOf('?');
    String front = query < 0 ? text : text.substring(0, query);
    String rest = query < 0 ? "" : text.substring(query);
    return URI.create(front.replaceFirst("/+$", "") + "/" + path + rest);
  }

  /** {@return whether two URLs are on the same host} */
  static boolean sameHost(URI one, URI other) {
    return one.getHost() != null && one.getHost().equalsIgnoreCase(other.getHost());
  }
}
