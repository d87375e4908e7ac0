package dev.kiln.cli;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.AccessKey;
import dev.kiln.fetch.Identity;
import dev.kiln.fetch.StoreOptions;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How the bucket that is written is reached. */
final class OutStoreFlags {
  /** Secrets come from the environment alone: arguments can be seen by every process. */
  private static final String KEY_ID = "ENDPOINT_KEY_ID";

  private static final String KEY_SECRET = "ENDPOINT_ACCESS_KEY";

  @Option(
      names = "--endpoint",
      paramLabel = "URL",
      description =
          "S3-compatible service whose bucket is written (default: AWS). Requests to --out are"
              + " signed with ENDPOINT_KEY_ID and ENDPOINT_ACCESS_KEY where the environment has"
              + " them.")
  private String endpoint;

  /**
   * @param store gives limits and region
   */
  StoreOptions options(StoreFlags store, Map<String, String> environment) {
    return new StoreOptions(
        StoreFlags.endpoint("--endpoint", endpoint),
        store.region(),
        new Identity(Identity.Signing.REQUIRED, accessKey(environment), false),
        store.limits());
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
