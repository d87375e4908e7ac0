package dev.kiln.cli;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.Identity;
import dev.kiln.fetch.RequestLimits;
import dev.kiln.fetch.StoreOptions;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** How buckets that are read are reached, and the limits of requests to any bucket. */
final class StoreFlags {
  @Option(
      names = "--source-endpoint",
      scope = ScopeType.INHERIT,
      paramLabel = "URL",
      description = "S3-compatible service whose buckets are read (default: AWS).")
  private String sourceEndpoint;

  @Option(
      names = "--region",
      scope = ScopeType.INHERIT,
      paramLabel = "REGION",
      description = "Region of the buckets (default: AWS leads to it).")
  private String region;

  @Option(
      names = "--requester-pays",
      scope = ScopeType.INHERIT,
      description = "Agree to pay for what is read (known of the naip-* buckets and usgs-landsat).")
  private boolean requesterPays;

  @Option(
      names = "--anonymous",
      scope = ScopeType.INHERIT,
      description = "Read without credentials, even where some are found.")
  private boolean anonymous;

  @Option(
      names = "--connections",
      scope = ScopeType.INHERIT,
      paramLabel = "N",
      defaultValue = "32",
      description = "Requests to a bucket at once.")
  private int connections;

  @Option(
      names = "--request-attempts",
      scope = ScopeType.INHERIT,
      paramLabel = "N",
      defaultValue = "8",
      description = "Tries of a request that may pass, such as one told to slow down.")
  private int attempts;

  @Option(
      names = "--network-timeout",
      scope = ScopeType.INHERIT,
      paramLabel = "S",
      defaultValue = "20",
      description = "Give up a connection on which no byte moves for so many seconds.")
  private int stallSeconds;

  /** For buckets that are read. */
  StoreOptions source() {
    if (anonymous && requesterPays) {
      throw new ConfigurationException(
          "--anonymous and --requester-pays: who pays must be known; leave one out");
    }
    return new StoreOptions(
        endpoint("--source-endpoint", sourceEndpoint),
        region(),
        new Identity(
            anonymous ? Identity.Signing.ANONYMOUS : Identity.Signing.IF_POSSIBLE,
            Optional.empty(),
            requesterPays),
        limits());
  }

  Optional<String> region() {
    return Optional.ofNullable(region);
  }

  RequestLimits limits() {
    Range.atLeast("--connections", connections, 1);
    Range.atLeast("--request-attempts", attempts, 1);
    Range.atLeast("--network-timeout", stallSeconds, 2);
    return new RequestLimits(
        connections,
        attempts,
        RequestLimits.standard().firstPause(),
        Duration.ofSeconds(stallSeconds));
  }

  /**
   * @throws ConfigurationException if it is not the address of a service alone; what it holds of
   *     credentials is not repeated
   */
  static Optional<URI> endpoint(String option, String url) {
    if (url == null) {
      return Optional.empty();
    }
    try {
      URI uri = new URI(url);
      boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      boolean bare = uri.getPath().isEmpty() || uri.getPath().equals("/");
      if (web
          && bare
          && uri.getHost() != null
          && uri.getUserInfo() == null
          && uri.getQuery() == null) {
        return Optional.of(uri);
      }
    } catch (URISyntaxException e) {
      // Said below, without repeating the text.
    }
    throw new ConfigurationException(
        option
            + ": the address of a service expected, such as https://minio.example.org:9000,"
            + " without credentials and path");
  }
}
