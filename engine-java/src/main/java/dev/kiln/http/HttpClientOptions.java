package dev.kiln.http;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How servers are reached.
 *
 * @param connectLimit longest time to connect, and longest time of a TLS handshake
 * @param stallLimit a request that transfers no byte for this long fails
 * @param certificates PEM file of authorities that are trusted besides the usual ones
 * @param environment variables that can name proxies
 */
public record HttpClientOptions(
    Duration connectLimit,
    Duration stallLimit,
    Optional<Path> certificates,
    Map<String, String> environment) {
  /** Copies the variables. */
  public HttpClientOptions {
    environment = Map.copyOf(environment);
  }
}
