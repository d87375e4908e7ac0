package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.RequestException.Kind;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds credentials for a container of Azure Blob Storage. For the user's own account: its key or
 * signature ({@link AzureAccount}), else a token of a service principal ({@code AZURE_CLIENT_ID},
 * {@code AZURE_TENANT_ID} and {@code AZURE_CLIENT_SECRET} or {@code AZURE_FEDERATED_TOKEN_FILE}) or
 * of the machine's managed identity. Other accounts are read anonymously, or with signatures of
 * Microsoft's Planetary Computer.
 */
final class AzureCredentials {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);
  private static final String RESOURCE = "https://storage.azure.com/";

  private final CloudOptions cloud;
  private final TokenRequests requests;
  private final MachineIdentity machine;

  private AzureCredentials(String root, StoreOptions options) {
    this.cloud = options.cloud();
    this.requests = new TokenRequests(options);
    this.machine = new MachineIdentity(root, options.limits());
  }

  /**
   * Finds credentials.
   *
   * @param location of the container
   * @param account that it is in
   * @param own the user's account
   * @param options identity and environment
   * @throws ConfigurationException if credentials are required or malformed
   */
  static RequestSigner find(
      CloudLocation location, String account, AzureAccount own, StoreOptions options) {
    if (options.identity().signing() == Identity.Signing.ANONYMOUS) {
      return RequestSigner.ANONYMOUS;
    }
    boolean isOwn =
        own.name().isPresent() ? own.name().get().equals(account) : options.sendsCredentials();
    if (options.cloud().planetaryComputer() && !(isOwn && own.name().isPresent())) {
      return SasTokens.ofPlanetaryComputer(account, location.container(), options);
    }
    Optional<RequestSigner> found =
        isOwn
            ? new AzureCredentials(location.root(), options).find(account, own)
            : Optional.empty();
    if (found.isEmpty() && options.identity().signing() == Identity.Signing.REQUIRED) {
      throw new ConfigurationException(
          location.root()
              + ": no Azure credentials found: set AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY,"
              + " AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_CONNECTION_STRING, or give the machine a"
              + " managed identity");
    }
    if (found.isEmpty()) {
      log.info("no Azure credentials found, requests are anonymous: container={}", location.root());
    }
    return found.orElse(RequestSigner.ANONYMOUS);
  }

  private Optional<RequestSigner> find(String account, AzureAccount own) {
    if (own.key().isPresent()) {
      return Optional.of(new AzureSharedKey(account, own.key().get()));
    }
    if (own.signature().isPresent()) {
      return Optional.of(SasTokens.fixed(own.signature().get()));
    }
    if (own.token().isPresent()) {
      return Optional.of(BearerTokens.fixed(own.token().get()));
    }
    Optional<String> client = cloud.variable("AZURE_CLIENT_ID");
    Optional<String> tenant = cloud.variable("AZURE_TENANT_ID");
    Optional<String> secret = cloud.variable("AZURE_CLIENT_SECRET");
    Optional<String> file = cloud.variable("AZURE_FEDERATED_TOKEN_FILE");
    if (client.isPresent() && tenant.isPresent() && (secret.isPresent() || file.isPresent())) {
      return Optional.of(
          BearerTokens.of(() -> ofPrincipal(client.get(), tenant.get(), secret, file)));
    }
    return managedIdentity(client);
  }

  private CachedToken.Token ofPrincipal(
      String client, String tenant, Optional<String> secret, Optional<String> file)
      throws RequestException {
    String what = "Microsoft Entra ID, client " + client;
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("grant_type", "client_credentials");
    fields.put("client_id", client);
    fields.put("scope", RESOURCE + ".default");
    if (secret.isPresent()) {
      fields.put("client_secret", secret.get());
    } else {
      fields.put("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
      try {
        fields.put("client_assertion", Files.readString(Path.of(file.orElseThrow())).strip());
      } catch (IOException e) {
        throw new RequestException(
            Kind.CONFIGURATION, "AZURE_FEDERATED_TOKEN_FILE: cannot be read: " + e.getMessage(), e);
      }
    }
    String authority =
        cloud
            .variable("AZURE_AUTHORITY_HOST")
            .orElse("https://login.microsoftonline.com")
            .replaceFirst("/+$", "");
    return TokenRequests.token(
        what,
        requests.post(
            what,
            TokenRequests.url(
                "AZURE_AUTHORITY_HOST",
                authority + "/" + CloudLocation.encodeQuery(tenant) + "/oauth2/v2.0/token"),
            fields));
  }

  /** Asks the service of App Service, Container Apps and Functions, or that of virtual machines. */
  private Optional<RequestSigner> managedIdentity(Optional<String> client) {
    Optional<String> endpoint = cloud.variable("IDENTITY_ENDPOINT");
    Optional<String> header = cloud.variable("IDENTITY_HEADER");
    boolean platform = endpoint.isPresent() && header.isPresent();
    Optional<String> host = cloud.variable("AZURE_POD_IDENTITY_AUTHORITY_HOST");
    String url =
        (platform
                ? endpoint.get() + "?api-version=2019-08-01"
                : host.orElse("http://169.254.169.254").replaceFirst("/+$", "")
                    + "/metadata/identity/oauth2/token?api-version=2018-02-01")
            + "&resource="
            + CloudLocation.encodeQuery(RESOURCE)
            + client.map(id -> "&client_id=" + CloudLocation.encodeQuery(id)).orElse("");
    Map<String, String> headers =
        platform ? Map.of("X-IDENTITY-HEADER", header.get()) : Map.of("Metadata", "true");
    String what = "managed identity";
    boolean named = platform || host.isPresent();
    return machine.find(
        () -> TokenRequests.token(what, requests.ofMachine(what, parse(url), headers, named)),
        named || client.isPresent());
  }

  private static URI parse(String url) throws RequestException {
    try {
      return URI.create(url);
    } catch (IllegalArgumentException e) {
      throw new RequestException(
          Kind.CONFIGURATION, "managed identity: expected a URL, found '" + url + "'", e);
    }
  }
}
