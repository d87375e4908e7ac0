package dev.kiln.fetch;

import java.net.URI;
import java.util.Map;
import java.util.Optional;

/**
 * How Google Cloud Storage and Azure Blob Storage are reached. Its text form contains no secrets.
 *
 * @param googleEndpoint of Google Cloud Storage or an emulator; empty for the environment's or
 *     Google's
 * @param azureEndpoint of Azure Blob Storage or an emulator; without a path the account follows as
 *     the first path segment; empty for the environment's or the account's own
 * @param planetaryComputer whether reads from accounts other than the user's own are signed by
 *     Microsoft's Planetary Computer
 * @param environment variables with credentials
 */
public record CloudOptions(
    Optional<URI> googleEndpoint,
    Optional<URI> azureEndpoint,
    boolean planetaryComputer,
    Map<String, String> environment) {
  /** Copies the variables. */
  public CloudOptions {
    environment = Map.copyOf(environment);
  }

  /** {@return the defaults, with the environment of this process} */
  public static CloudOptions standard() {
    return new CloudOptions(Optional.empty(), Optional.empty(), false, System.getenv());
  }

  /** Returns a variable that is set and not empty. */
  Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).map(String::strip).filter(v -> !v.isEmpty());
  }

  @Override
  public String toString() {
    return "CloudOptions[googleEndpoint=%s, azureEndpoint=%s, planetaryComputer=%s]"
        .formatted(googleEndpoint, azureEndpoint, planetaryComputer);
  }
}
