package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.StringTokenizer;

/**
 * The header that authorizes requests to a web server. It comes from the environment, because every
 * process can see arguments: {@code SOURCE_BEARER_TOKEN}, {@code SOURCE_HEADER} ({@code Name:
 * value}), or the host's entry in the file of {@code NETRC} ({@code ~/.netrc}).
 *
 * @param name of the header
 * @param value of the header; secret
 */
record HttpCredentials(String name, String value) {
  private static final String TOKEN = "SOURCE_BEARER_TOKEN";
  private static final String HEADER = "SOURCE_HEADER";

  /**
   * Finds the credentials for a host.
   *
   * @param host of the server
   * @param source whether it is the server that {@code --source} names; tokens and headers are sent
   *     to no other
   * @param environment of the process
   * @throws ConfigurationException if a variable is malformed
   */
  static Optional<HttpCredentials> find(
      String host, boolean source, Map<String, String> environment) {
    String token = environment.getOrDefault(TOKEN, "");
    if (source && !token.isEmpty()) {
      return Optional.of(new HttpCredentials("Authorization", "Bearer " + token.strip()));
    }
    String header = environment.getOrDefault(HEADER, "");
    if (source && !header.isEmpty()) {
      int colon = header.indexOf(':');
      if (colon < 1 || header.contains("\n") || header.contains("\r")) {
        throw new ConfigurationException(HEADER + ": expected 'Name: value', found other text");
      }
      return Optional.of(
          new HttpCredentials(
              header.substring(0, colon).strip(), header.substring(colon + 1).strip()));
    }
    String netrc =
        environment.getOrDefault("NETRC", environment.getOrDefault("HOME", "") + "/.netrc");
    Path file = Path.of(netrc);
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      return Optional.empty();
    }
    try {
      return netrc(host, Files.readString(file));
    } catch (IOException e) {
      throw new ConfigurationException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static Optional<HttpCredentials> netrc(String host, String text) {
    Map<String, String> entry = new HashMap<>();
    boolean inEntry = false;
    StringTokenizer tokens = new StringTokenizer(text.replaceAll("(?m)#.*$", ""));
    while (tokens.hasMoreTokens()) {
      String token = tokens.nextToken();
      if (token.equals("machine") && tokens.hasMoreTokens()) {
        if (inEntry) {
          break;
        }
        inEntry = tokens.nextToken().equalsIgnoreCase(host);
      } else if ((token.equals("login") || token.equals("password")) && tokens.hasMoreTokens()) {
        String value = tokens.nextToken();
        if (inEntry) {
          entry.put(token, value);
        }
      }
    }
    if (!entry.containsKey("login") || !entry.containsKey("password")) {
      return Optional.empty();
    }
    String pair = entry.get("login") + ":" + entry.get("password");
    return Optional.of(
        new HttpCredentials(
            "Authorization",
            "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8))));
  }

  /** Returns the name of the header alone. */
  @Override
  public String toString() {
    return "header " + name;
  }
}
