package dev.kiln.cli;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.AccessKey;
import dev.kiln.fetch.Identity;
import dev.kiln.fetch.StoreOptions;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options for access to the bucket of the output. */
@Heading.Under(Heading.S3)
final class OutputS3Flags {
  /** Secrets come from the environment only: command lines are visible to every process. */
  private static final String KEY_ID = "ENDPOINT_KEY_ID";

  private static final String KEY_SECRET = "ENDPOINT_ACCESS_KEY";

  @Option(
      names = {"--out-endpoint", "--endpoint"},
      paramLabel = "URL",
      description =
          "S3-compatible endpoint of --out (default: AWS). Requests are signed with ENDPOINT_KEY_ID"
              + " and ENDPOINT_ACCESS_KEY if they are set.")
  private String endpoint;

  /**
   * Returns how to access the output.
   *
   * @param store limits and region
   * @param environment holds the access key, if there is one
   * @throws ConfigurationException if only one half of the access key is set
   */
  StoreOptions options(S3Flags store, Map<String, String> environment) {
    return new StoreOptions(
            S3Flags.endpoint("--out-endpoint", endpoint),
            store.region(),
            new Identity(Identity.Signing.REQUIRED, accessKey(environment), false),
            store.limits())
        .withCertificates(store.certificates())
        .withCloud(store.cloud(false));
  }

  private static Optional<AccessKey> accessKey(Map<String, String> environment) {
    String id = environment.getOrDefault(KEY_ID, "");
    String secret = environment.getOrDefault(KEY_SECRET, "");
    if (id.isEmpty() != secret.isEmpty()) {
      throw new ConfigurationException(
          (id.isEmpty() ? KEY_SECRET : KEY_ID)
              + " is set without "
              + (id.isEmpty() ? KEY_ID : KEY_SECRET)
              + ": set both or none");
    }
    return id.isEmpty() ? Optional.empty() : Optional.of(new AccessKey(id, secret));
  }
}
