package dev.kiln.cli;

import dev.kiln.error.Mismatch;
import dev.kiln.fetch.CloudOptions;
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
  private static final String PLANETARY_COMPUTER = "planetary-computer";

  @Option(
      names = "--source-endpoint",
      scope = ScopeType.INHERIT,
      paramLabel = "URL",
      description = "S3-compatible endpoint of buckets that are read (default: AWS).")
  private String sourceEndpoint;

  @Option(
      names = "--gs-endpoint",
      scope = ScopeType.INHERIT,
      paramLabel = "URL",
      description =
          "Endpoint of gs:// buckets (default: STORAGE_EMULATOR_HOST, else Google Cloud Storage).")
  private String googleEndpoint;

  @Option(
      names = "--az-endpoint",
      scope = ScopeType.INHERIT,
      paramLabel = "URL",
      description =
          "Endpoint of az:// containers; without a path the account follows as the first path"
              + " segment (default: the account's own).")
  private String azureEndpoint;

  @Option(
      names = "--sign",
      scope = ScopeType.INHERIT,
      paramLabel = "SERVICE",
      description =
          "Have reads from az:// containers of other accounts signed by a service:"
              + " planetary-computer (default: none).")
  private String signing;

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
          "Pay for requests to requester-pays buckets; implied for naip-* and usgs-landsat. For"
              + " gs://, GOOGLE_CLOUD_PROJECT pays.")
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
      description = "PEM file of certificate authorities to trust besides those of the machine.")
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
      description =
          "Web servers besides --source from which items may be read, and to which servers may"
              + " redirect (repeatable).")
  private List<String> allowedHosts = List.of();

  /** Returns which stores besides the source are read. */
  SourceRules rules() {
    for (String host : allowedHosts) {
      if (!host.matches("[\\w.-]+|\\[[0-9A-Fa-f:.]+\\]")) {
        throw new OptionException(
            Mismatch.ofText(
                "--allow-host", "the name of a server, such as data.example.org", host));
      }
    }
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
        .withCertificates(Optional.ofNullable(certificates))
        .withCloud(cloud(true));
  }

  /**
   * Returns how Google Cloud Storage and Azure Blob Storage are reached.
   *
   * @param source whether objects are read, which a signing service can permit
   */
  CloudOptions cloud(boolean source) {
    if (signing != null && !signing.equals(PLANETARY_COMPUTER)) {
      throw new OptionException(Mismatch.ofText("--sign", PLANETARY_COMPUTER, signing));
    }
    return new CloudOptions(
        endpoint("--gs-endpoint", googleEndpoint),
        withPath("--az-endpoint", azureEndpoint),
        source && signing != null,
        System.getenv());
  }

  /** Returns the authorities that HTTP services may have besides the usual ones. */
  Optional<Path> certificates() {
    return Optional.ofNullable(certificates);
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
    return endpoint(option, url, false, "https://minio.example.org:9000");
  }

  private static Optional<URI> withPath(String option, String url) {
    return endpoint(option, url, true, "http://127.0.0.1:10000/devstoreaccount1");
  }

  private static Optional<URI> endpoint(
      String option, String url, boolean withPath, String example) {
    if (url == null) {
      return Optional.empty();
    }
    try {
      URI uri = new URI(url);
      boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      boolean bare = withPath || uri.getPath().isEmpty() || uri.getPath().equals("/");
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
            + ": expected the URL of a service without credentials"
            + (withPath ? "" : " and path")
            + ", such as "
            + example);
  }
}
