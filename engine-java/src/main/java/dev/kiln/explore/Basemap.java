package dev.kiln.explore;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.net.URI;
import java.net.URISyntaxException;

/**
 * An online map that the page draws under the chips, from the server that the user named.
 *
 * @param url of a tile, with {@code {z}}, {@code {x}} and {@code {y}}
 * @param attribution whom to name on the map
 */
public record Basemap(String url, String attribution) {
  /**
   * Checks the URL.
   *
   * @throws ConfigurationException if it is not the pattern of a web map's tiles
   */
  public Basemap {
    boolean complete = url.contains("{z}") && url.contains("{x}") && url.contains("{y}");
    // Other placeholders, such as {s} for one of several hosts, are not supported.
    complete &= url.replaceAll("\\{[zxy]}", "").matches("[^{}]*");
    if (!complete || !url.startsWith("https://") || origin(url).isEmpty()) {
      throw new ConfigurationException(
          Mismatch.ofText(
              "--basemap", "a URL such as https://tile.openstreetmap.org/{z}/{x}/{y}.png", url));
    }
  }

  /** Returns the origin of the tiles, such as {@code https://tile.example.org}. */
  String origin() {
    return origin(url);
  }

  private static String origin(String url) {
    try {
      URI uri = new URI(url.replaceAll("[{}]", ""));
      String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
      boolean plain = uri.getHost() != null && uri.getHost().matches("[A-Za-z0-9.-]+");
      return plain ? "https://" + uri.getHost() + port : "";
    } catch (URISyntaxException e) {
      return "";
    }
  }
}
