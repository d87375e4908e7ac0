package dev.kiln.cli;

import dev.kiln.fetch.Identity;
import dev.kiln.fetch.RequestLimits;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** Options for access to buckets that are read, and limits of requests to any bucket. */
@Heading.Under(Heading.S3)
final class S3Flags {
  @Option(
      names = "--source-endpoint",
      scope = ScopeType.INHERIT,
      paramLabel = "URL",
      description = "S3-compatible endpoint of buckets that are read (default: AWS).")
  private String sourceEndpoint;

  @Option(
      names = "--region",
      scope = ScopeType.INHERIT,
      paramLabel = "REGION",
      description = "AWS region of the buckets (default: looked up).")
  private String region;

  @Option(
      names = "--requester-pays",
      scope = ScopeType.INHERIT,
      description =
          "Pay for requests to requester-pays buckets; implied for naip-* and usgs-landsat.")
  private boolean requesterPays;

  @Option(
      names = "--anonymous",
      scope = ScopeType.INHERIT,
      description = "Read without credentials, even if some are configured.")
  private boolean anonymous;

  @Option(
      names = "--connections",
      scope = ScopeType.INHERIT,
      paramLabel = "N",
      defaultValue = "32",
      description = "Concurrent requests per bucket (default: ${DEFAULT-VALUE}).")
  private int connections;

  @Option(
      names = "--request-attempts",
      scope = ScopeType.INHERIT,
      paramLabel = "N",
      defaultValue = "8",
      description = "Attempts per request for transient errors (default: ${DEFAULT-VALUE}).")
  private int attempts;

  @Option(
      names = "--network-timeout",
      scope = ScopeType.INHERIT,
      paramLabel = "S",
      defaultValue = "20",
      description =
          "Close a connection that transfers nothing for this many seconds (default:"
              + " ${DEFAULT-VALUE}).")
  private int stallSeconds;

  @Option(
      names = "--ca-certificates",
      scope = ScopeType.INHERIT,
      paramLabel = "FILE",
      description = "PEM file of certificate authorities to trust for https:// sources.")
  private Path certificates;

  @Option(
      names = "--mirror",
      scope = ScopeType.INHERIT,
      description =
          "Read every object from --source by its key, whatever bucket its item names (always so"
              + " for a directory).")
  private boolean mirror;

  @Option(
      names = "--allow-host",
      scope = ScopeType.INHERIT,
      paramLabel = "HOST",
      split = ",",
      description = "Web servers besides --source from which items may be read (repeatable).")
  private List<String> allowedHosts = List.of();

  /** Returns which stores besides the source are read. */
  SourceRules rules() {
    return new SourceRules(mirror, Set.copyOf(allowedHosts));
  }

  /** Returns how to access buckets that are read. */
  StoreOptions source() {
    if (anonymous && requesterPays) {
      throw new OptionException(
          "--anonymous cannot be combined with --requester-pays: anonymous requests cannot be"
              + " billed");
    }
    return new StoreOptions(
            endpoint("--source-endpoint", sourceEndpoint),
            region(),
            new Identity(
                anonymous ? Identity.Signing.ANONYMOUS : Identity.Signing.IF_POSSIBLE,
                Optional.empty(),
                requesterPays),
            limits())
        .withCertificates(Optional.ofNullable(certificates));
  }

  /** Returns the region, if one is set. */
  Optional<String> region() {
    return Optional.ofNullable(region);
  }

  /** Returns the limits of requests, checked. */
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
   * Returns the endpoint of an S3-compatible service; empty if none is given.
   *
   * @throws OptionException if it has credentials, a path or a query; the message does not repeat
   *     the value, which may contain a secret
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
      // Reported below without the text, which may contain a secret.
    }
    throw new OptionException(
        option
            + ": expected the URL of a service without credentials and path, such as"
            + " https://minio.example.org:9000");
  }
}
