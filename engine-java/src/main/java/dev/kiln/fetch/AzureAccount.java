package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The user's own storage account, as the environment describes it: {@code
 * AZURE_STORAGE_CONNECTION_STRING}, or {@code AZURE_STORAGE_ACCOUNT} with {@code
 * AZURE_STORAGE_KEY}, {@code AZURE_STORAGE_SAS_TOKEN} or {@code AZURE_STORAGE_TOKEN}.
 *
 * @param name of the account; empty if the environment names none
 * @param endpoint of its blobs; empty for Azure's
 * @param key of the account in Base64; secret
 * @param signature shared access signature; secret
 * @param token OAuth token; secret
 */
record AzureAccount(
    Optional<String> name,
    Optional<URI> endpoint,
    Optional<String> key,
    Optional<String> signature,
    Optional<String> token) {
  private static final String CONNECTION = "AZURE_STORAGE_CONNECTION_STRING";

  /** Account and key of the emulator, which are published. */
  private static final String EMULATOR = "devstoreaccount1";

  private static final String EMULATOR_KEY =
      "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

  /**
   * Reads the environment.
   *
   * @throws ConfigurationException if the connection string is malformed
   */
  static AzureAccount of(CloudOptions cloud) {
    Optional<String> connection = cloud.variable(CONNECTION);
    if (connection.isPresent()) {
      return ofConnection(connection.get());
    }
    return new AzureAccount(
        cloud
            .variable("AZURE_STORAGE_ACCOUNT")
            .or(() -> cloud.variable("AZURE_STORAGE_ACCOUNT_NAME")),
        Optional.empty(),
        cloud
            .variable("AZURE_STORAGE_KEY")
            .or(() -> cloud.variable("AZURE_STORAGE_ACCESS_KEY"))
            .or(() -> cloud.variable("AZURE_STORAGE_ACCOUNT_KEY")),
        cloud.variable("AZURE_STORAGE_SAS_TOKEN"),
        cloud.variable("AZURE_STORAGE_TOKEN"));
  }

  private static AzureAccount ofConnection(String text) {
    Map<String, String> parts = new HashMap<>();
    for (String part : text.split(";")) {
      int equals = part.indexOf('=');
      if (equals > 0) {
        parts.put(part.substring(0, equals).strip(), part.substring(equals + 1).strip());
      }
    }
    if ("true".equalsIgnoreCase(parts.get("UseDevelopmentStorage"))) {
      return new AzureAccount(
          Optional.of(EMULATOR),
          Optional.of(URI.create("http://127.0.0.1:10000/" + EMULATOR)),
          Optional.of(EMULATOR_KEY),
          Optional.empty(),
          Optional.empty());
    }
    Optional<String> name = Optional.ofNullable(parts.get("AccountName"));
    Optional<String> endpoint = Optional.ofNullable(parts.get("BlobEndpoint"));
    if (name.isEmpty() && endpoint.isPresent()) {
      name = endpoint.map(url -> url.replaceFirst("(?i)https?://", "").replaceFirst("[.:/].*", ""));
    }
    if (name.isEmpty()) {
      throw malformed(null);
    }
    try {
      String account = name.get();
      return new AzureAccount(
          name,
          endpoint
              .map(URI::create)
              .or(
                  () ->
                      Optional.ofNullable(parts.get("EndpointSuffix"))
                          .map(suffix -> URI.create("https://" + account + ".blob." + suffix))),
          Optional.ofNullable(parts.get("AccountKey")),
          Optional.ofNullable(parts.get("SharedAccessSignature")),
          Optional.empty());
    } catch (IllegalArgumentException e) {
      throw malformed(null);
    }
  }

  private static ConfigurationException malformed(Throwable cause) {
    return new ConfigurationException(
        CONNECTION + ": expected AccountName=…;AccountKey=… or BlobEndpoint=…, found other text",
        cause);
  }

  @Override
  public String toString() {
    return "storage account " + name.orElse("(none)");
  }
}
