package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.testing.AzureServer;
import dev.kiln.testing.CloudServer;
import dev.kiln.testing.FaultProxy;
import dev.kiln.testing.GoogleServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where credentials of Google and Azure come from, and that nothing else sends them. */
@Timeout(60)
class CloudCredentialsTest {
  private static final byte[] BYTES = "pixels".getBytes(StandardCharsets.UTF_8);

  @TempDir Path directory;
  private GoogleServer google;
  private AzureServer azure;

  @BeforeEach
  void start() throws IOException {
    google = GoogleServer.start();
    google.container("bucket").put("a", BYTES);
    azure = AzureServer.start();
    azure.container("kilntest/data").put("a", BYTES);
    azure.container("other/data").put("a", BYTES);
  }

  @AfterEach
  void stop() {
    google.close();
    azure.close();
  }

  private static void assertReads(String root, StoreOptions options) throws Exception {
    try (ObjectStore store = ObjectStores.open(root, options)) {
      assertThat(store.read("a")).isEqualTo(BYTES);
    }
  }

  private void assertGoogle(Map<String, String> environment) throws Exception {
    assertReads("gs://bucket", GoogleServer.options(google.endpoint(), environment));
  }

  private void assertAzure(Map<String, String> environment) throws Exception {
    assertReads("az://data@kilntest", AzureServer.options(azure.endpoint(), environment, false));
  }

  private static String token(String value) {
    return "{\"access_token\":\"%s\",\"expires_in\":3600}".formatted(value);
  }

  private static Map<String, String> form(String body) {
    Map<String, String> form = new HashMap<>();
    for (String field : body.split("&")) {
      String[] parts = field.split("=", 2);
      form.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }
    return form;
  }

  private Map<String, String> file(String json) throws IOException {
    Path file = directory.resolve("credentials.json");
    Files.writeString(file, json);
    return Map.of("GOOGLE_APPLICATION_CREDENTIALS", file.toString());
  }

  private String issuer() {
    return google.endpoint() + "/issue/token";
  }

  @Test
  void serviceAccountSignsAnAssertion() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair keys = generator.generateKeyPair();
    google.accept("from-assertion");
    google.issuer(
        (request, body) -> {
          try {
            String[] jwt = form(body).get("assertion").split("\\.");
            Signature check = Signature.getInstance("SHA256withRSA");
            check.initVerify(keys.getPublic());
            check.update((jwt[0] + "." + jwt[1]).getBytes(StandardCharsets.UTF_8));
            String claims = new String(Base64.getUrlDecoder().decode(jwt[1]));
            boolean valid =
                check.verify(Base64.getUrlDecoder().decode(jwt[2]))
                    && claims.contains("\"iss\":\"robot@project\"")
                    && claims.contains("\"aud\":\"" + issuer() + "\"")
                    && claims.contains("devstorage.read_write");
            return valid ? token("from-assertion") : null;
          } catch (java.security.GeneralSecurityException e) {
            return null;
          }
        });
    String pem =
        "-----BEGIN PRIVATE KEY-----\\n"
            + Base64.getEncoder().encodeToString(keys.getPrivate().getEncoded())
            + "\\n-----END PRIVATE KEY-----\\n";
    assertGoogle(
        file(
            """
            {"type":"service_account","client_email":"robot@project","private_key_id":"1",
             "private_key":"%s","token_uri":"%s"}
            """
                .formatted(pem, issuer())));
  }

  @Test
  void userRefreshesAToken() throws Exception {
    google.accept("refreshed");
    google.issuer(
        (request, body) ->
            form(body).get("refresh_token").equals("planted-refresh") ? token("refreshed") : null);
    Map<String, String> environment =
        file(
            """
            {"type":"authorized_user","client_id":"c","client_secret":"s",
             "refresh_token":"planted-refresh","token_uri":"%s"}
            """
                .formatted(issuer()));
    assertGoogle(environment);
    google.issuer((request, body) -> null);
    assertThatThrownBy(() -> assertGoogle(environment))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("the server responded 400: invalid_grant refused")
        .hasMessageNotContaining("planted");
  }

  @Test
  void fileThatCannotBeReadIsNamedWithItsReason() throws Exception {
    Map<String, String> broken = file("{\n \"type\": planted-secret}");
    assertThatThrownBy(() -> assertGoogle(broken))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("credentials.json: expected JSON, found other text at line 2")
        .hasMessageNotContaining("planted")
        .hasNoCause();
    assertThatThrownBy(
            () -> assertGoogle(Map.of("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent/file")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("/nonexistent/file: cannot be read (NoSuchFileException)");
  }

  @Test
  void tokenOfAnotherProviderIsExchanged() throws Exception {
    google.accept("exchanged");
    Path subject = Files.writeString(directory.resolve("subject"), "planted-subject\n");
    google.issuer(
        (request, body) ->
            form(body).get("subject_token").equals("planted-subject")
                    && form(body).get("audience").equals("//iam/pool")
                ? token("exchanged")
                : null);
    assertGoogle(
        file(
            """
            {"type":"external_account","audience":"//iam/pool","token_url":"%s",
             "subject_token_type":"urn:ietf:params:oauth:token-type:jwt",
             "credential_source":{"file":"%s"}}
            """
                .formatted(issuer(), subject)));
  }

  @Test
  void metadataServerIsAskedAndItsTokenIsReplacedWhenRefused() throws Exception {
    AtomicInteger issued = new AtomicInteger();
    google.issuer(
        (request, body) -> {
          String value = "token-" + issued.incrementAndGet();
          google.accept(value);
          return request.header("Metadata-Flavor").equals("Google") ? token(value) : null;
        });
    Map<String, String> environment = Map.of("GCE_METADATA_HOST", "127.0.0.1:" + google.port());
    try (ObjectStore store =
        ObjectStores.open("gs://bucket", GoogleServer.options(google.endpoint(), environment))) {
      assertThat(store.read("a")).isEqualTo(BYTES);
      int first = issued.get();
      assertThat(store.read("a")).isEqualTo(BYTES);
      assertThat(issued.get()).as("the token is kept").isEqualTo(first);
      google.refuse("token-" + first);
      assertThat(store.read("a")).isEqualTo(BYTES);
      assertThat(issued.get()).isEqualTo(first + 1);
    }
  }

  /** Opens a store whose token service is on another port. */
  private void assertReadsByMachine(String scheme, int port) throws Exception {
    if (scheme.equals("gs")) {
      assertGoogle(Map.of("GCE_METADATA_HOST", "127.0.0.1:" + port));
    } else {
      assertAzure(
          Map.of(
              "AZURE_STORAGE_ACCOUNT",
              "kilntest",
              "AZURE_POD_IDENTITY_AUTHORITY_HOST",
              "http://127.0.0.1:" + port));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gs", "az"})
  void machineIsNotAnonymousWhileItsTokenServiceFails(String scheme) throws Exception {
    CloudServer server = scheme.equals("gs") ? google : azure;
    server.accept("issued");
    google.issuer((request, body) -> token("issued"));
    azure.issuer((request, body) -> token("issued"));
    try (FaultProxy proxy = new FaultProxy(server.port())) {
      int port = proxy.endpoint().getPort();
      proxy.plan(
          request ->
              switch (request.number()) {
                case 0 -> FaultProxy.Fault.error(429, "");
                case 1 -> FaultProxy.Fault.error(503, "");
                default -> FaultProxy.Fault.NONE;
              });
      assertReadsByMachine(scheme, port);

      proxy.plan(request -> FaultProxy.Fault.error(503, ""));
      assertThatThrownBy(() -> assertReadsByMachine(scheme, port))
          .isInstanceOf(UncheckedIOException.class)
          .hasCauseInstanceOf(UnavailableException.class)
          .hasMessageContaining("the server responded 503")
          .hasMessageContaining("--anonymous");
      assertThatThrownBy(() -> assertReadsByMachine(scheme, 1))
          .hasCauseInstanceOf(UnavailableException.class)
          .hasMessageContaining("connection refused by http://127.0.0.1:1");

      // The service's own answer that the machine has no identity.
      proxy.plan(request -> FaultProxy.Fault.error(400, "identity_not_found"));
      if (scheme.equals("gs")) {
        google.open(true);
        assertReads(
            "gs://bucket",
            optional(
                GoogleServer.options(
                    google.endpoint(), Map.of("GCE_METADATA_HOST", "127.0.0.1:" + port))));
        assertThat(google.requests().get(google.requests().size() - 1).header("Authorization"))
            .isEmpty();
      }
    }
  }

  private static StoreOptions optional(StoreOptions options) {
    return new StoreOptions(
            options.endpoint(), options.region(), Identity.standard(), options.limits())
        .withCloud(options.cloud());
  }

  @Test
  void givenTokenIsUsedAndItsExpiryIsNamed() throws Exception {
    google.accept("planted-token");
    Map<String, String> environment = Map.of("GOOGLE_OAUTH_ACCESS_TOKEN", "planted-token");
    assertGoogle(environment);
    google.refuse("planted-token");
    assertThatThrownBy(() -> assertGoogle(environment))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("gs://bucket: the credentials have expired")
        .hasMessageNotContaining("planted");
  }

  @Test
  void publicBucketsAreReadAnonymously() throws Exception {
    google.open(true);
    azure.open(true);
    assertGoogle(Map.of());
    assertThat(google.requests()).allMatch(request -> request.header("Authorization").isEmpty());
    StoreOptions anonymous =
        AzureServer.options(azure.endpoint(), Map.of("AZURE_STORAGE_ACCOUNT", "kilntest"), false);
    assertReads(
        "az://data@other",
        new StoreOptions(
                Optional.empty(), Optional.empty(), Identity.standard(), anonymous.limits())
            .withCloud(anonymous.cloud()));
    google.open(false);
    azure.open(false);
    assertThatThrownBy(() -> assertGoogle(Map.of()))
        .isInstanceOf(AccessDeniedException.class)
        .hasMessageContaining("anonymous; set GOOGLE_APPLICATION_CREDENTIALS");
  }

  @Test
  void requesterPaysWithItsProject() throws Exception {
    StoreOptions options =
        GoogleServer.options(
            google.endpoint(),
            Map.of(
                "GS_ACCESS_KEY_ID",
                GoogleServer.KEY.id(),
                "GS_SECRET_ACCESS_KEY",
                GoogleServer.KEY.secret(),
                "GOOGLE_CLOUD_PROJECT",
                "my-project"));
    assertReads(
        "gs://bucket",
        new StoreOptions(
                Optional.empty(),
                Optional.empty(),
                new Identity(Identity.Signing.REQUIRED, Optional.empty(), true),
                options.limits())
            .withCloud(options.cloud()));
    assertThat(google.requests())
        .allMatch(request -> request.header("x-goog-user-project").equals("my-project"));
  }

  @Test
  void tokenIsNotSentInTheClear() {
    assertThatThrownBy(
            () ->
                ObjectStores.open(
                    "gs://bucket",
                    GoogleServer.options(
                        URI.create("http://storage.example.org"),
                        Map.of("GOOGLE_OAUTH_ACCESS_TOKEN", "planted"))))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected an https endpoint");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "AZURE_STORAGE_SAS_TOKEN",
        "AZURE_STORAGE_TOKEN",
        "AZURE_STORAGE_ACCESS_KEY",
        "AZURE_STORAGE_CONNECTION_STRING"
      })
  void azureCredentialsComeFromTheEnvironment(String variable) throws Exception {
    azure.accept("planted-token");
    Map<String, String> environment = new HashMap<>(Map.of("AZURE_STORAGE_ACCOUNT", "kilntest"));
    environment.put(
        variable,
        switch (variable) {
          case "AZURE_STORAGE_SAS_TOKEN" -> "?" + AzureServer.sas(Instant.now().plusSeconds(600));
          case "AZURE_STORAGE_TOKEN" -> "planted-token";
          case "AZURE_STORAGE_ACCESS_KEY" -> AzureServer.KEY;
          default ->
              "DefaultEndpointsProtocol=http;AccountName=kilntest;AccountKey="
                  + AzureServer.KEY
                  + ";BlobEndpoint="
                  + azure.endpoint()
                  + "/kilntest;";
        });
    assertAzure(environment);
  }

  @Test
  void connectionStringNamesTheEndpoint() throws Exception {
    StoreOptions options = AzureServer.options(azure.endpoint(), Map.of(), false);
    assertReads(
        "az://data",
        options.withCloud(
            new CloudOptions(
                Optional.empty(),
                Optional.empty(),
                false,
                Map.of(
                    "AZURE_STORAGE_CONNECTION_STRING",
                    "AccountName=kilntest;AccountKey="
                        + AzureServer.KEY
                        + ";BlobEndpoint="
                        + azure.endpoint()
                        + "/kilntest"))));
  }

  @Test
  void expiredSignatureIsNamed() {
    Map<String, String> environment =
        Map.of(
            "AZURE_STORAGE_ACCOUNT",
            "kilntest",
            "AZURE_STORAGE_SAS_TOKEN",
            AzureServer.sas(Instant.now().minusSeconds(60)));
    assertThatThrownBy(() -> assertAzure(environment))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("az://data@kilntest: the signature has expired")
        .hasMessageContaining("renew it")
        .hasMessageNotContaining("planted");
    assertThat(azure.requests()).hasSize(1);
  }

  @Test
  void wrongKeyIsRefusedAndNotShown() {
    String wrong = Base64.getEncoder().encodeToString("planted-wrong".getBytes());
    assertThatThrownBy(
            () ->
                assertAzure(
                    Map.of("AZURE_STORAGE_ACCOUNT", "kilntest", "AZURE_STORAGE_KEY", wrong)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("check AZURE_STORAGE_KEY")
        .hasMessageNotContaining(wrong);
  }

  @ParameterizedTest
  @ValueSource(strings = {"secret", "federated", "virtual machine", "platform"})
  void azureTokensAreIssued(String kind) throws Exception {
    azure.accept("issued");
    Path assertion = Files.writeString(directory.resolve("assertion"), "planted-assertion\n");
    azure.issuer(
        (request, body) ->
            switch (kind) {
              case "secret" ->
                  form(body).get("client_secret").equals("planted-secret")
                          && form(body).get("scope").equals("https://storage.azure.com/.default")
                      ? token("issued")
                      : null;
              case "federated" ->
                  form(body).get("client_assertion").equals("planted-assertion")
                      ? token("issued")
                      : null;
              case "platform" ->
                  request.header("X-IDENTITY-HEADER").equals("planted-header")
                      ? token("issued")
                      : null;
              default -> request.header("Metadata").equals("true") ? token("issued") : null;
            });
    Map<String, String> environment = new HashMap<>(Map.of("AZURE_STORAGE_ACCOUNT", "kilntest"));
    switch (kind) {
      case "virtual machine" ->
          environment.put("AZURE_POD_IDENTITY_AUTHORITY_HOST", azure.endpoint().toString());
      case "platform" -> {
        environment.put("IDENTITY_ENDPOINT", azure.endpoint() + "/issue/token");
        environment.put("IDENTITY_HEADER", "planted-header");
      }
      default -> {
        environment.put("AZURE_CLIENT_ID", "client");
        environment.put("AZURE_TENANT_ID", "tenant");
        environment.put("AZURE_AUTHORITY_HOST", azure.endpoint() + "/issue");
        environment.put(
            kind.equals("secret") ? "AZURE_CLIENT_SECRET" : "AZURE_FEDERATED_TOKEN_FILE",
            kind.equals("secret") ? "planted-secret" : assertion.toString());
      }
    }
    assertAzure(environment);
  }

  @Test
  void planetaryComputerSignsAndSignsAgainAfterExpiry() throws Exception {
    AtomicInteger issued = new AtomicInteger();
    azure.issuer(
        (request, body) -> {
          // The first signature is refused, although its expiry is in the future.
          Instant expires = Instant.now().plusSeconds(issued.incrementAndGet() == 1 ? -60 : 3600);
          return request.uri().getPath().equals("/sas/other/data")
                  && request.header("Ocp-Apim-Subscription-Key").equals("planted-key")
              ? "{\"msft:expiry\":\"%s\",\"token\":\"%s\"}"
                  .formatted(Instant.now().plusSeconds(3600), AzureServer.sas(expires))
              : null;
        });
    Map<String, String> environment =
        Map.of(
            "PC_SDK_SAS_URL",
            azure.endpoint() + "/sas",
            "PC_SDK_SUBSCRIPTION_KEY",
            "planted-key",
            "AZURE_STORAGE_ACCOUNT",
            "kilntest",
            "AZURE_STORAGE_KEY",
            AzureServer.KEY);
    StoreOptions options = AzureServer.options(azure.endpoint(), environment, true);
    assertReads("az://data@other", options);
    assertThat(issued.get()).isEqualTo(2);
    // The user's own account has its own key.
    assertReads("az://data@kilntest", options);
    assertThat(issued.get()).isEqualTo(2);
    assertThatThrownBy(() -> assertReads("az://none@other", options))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("Planetary Computer, signature for none@other");
  }

  @Test
  void otherAccountsGetNoCredentials() throws Exception {
    azure.open(true);
    StoreOptions own = AzureServer.options(azure.endpoint());
    StoreOptions source =
        new StoreOptions(Optional.empty(), Optional.empty(), Identity.standard(), own.limits())
            .withCloud(own.cloud());
    try (ObjectStore store =
        ObjectStores.openSource("az://data", source, new SourceRules(false, Set.of()))) {
      assertThat(store.read("a")).isEqualTo(BYTES);
      assertThat(store.read("az://data@other/a")).isEqualTo(BYTES);
      store.open(List.of("az://data@other/a", "az://data/a")).forEach(SparseObject::close);
    }
    assertThat(azure.requests())
        .filteredOn(request -> request.uri().getPath().startsWith("/other/"))
        .hasSizeGreaterThan(1)
        .allMatch(request -> request.header("Authorization").isEmpty());
    assertThat(azure.requests())
        .filteredOn(request -> request.uri().getPath().startsWith("/kilntest/"))
        .allMatch(request -> request.header("Authorization").startsWith("SharedKey kilntest:"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gs://",
        "gs://UPPER",
        "gs://a@b",
        "az://",
        "az://UPPER@kilntest",
        "az://data@not.an.account",
        "az://data@a/../b@c"
      })
  void malformedNameIsAConfigurationError(String uri) {
    assertThatThrownBy(() -> ObjectStores.open(uri, AzureServer.options(azure.endpoint())).close())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected");
  }

  @Test
  void accountMustBeKnownAndCredentialsThere() {
    StoreOptions none = AzureServer.options(azure.endpoint(), Map.of(), false);
    assertThatThrownBy(() -> ObjectStores.open("az://data", none))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("set AZURE_STORAGE_ACCOUNT");
    StoreOptions closed =
        AzureServer.options(
            azure.endpoint(),
            // It responds that the machine has no identity.
            Map.of("AZURE_POD_IDENTITY_AUTHORITY_HOST", azure.endpoint().toString()),
            false);
    assertThatThrownBy(() -> ObjectStores.open("az://data@kilntest", closed))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("no Azure credentials found");
    assertThat(none.toString()).doesNotContain(AzureServer.KEY);
  }

  @Test
  void dataLakeNamesAreContainers() throws Exception {
    try (ObjectStore store =
        ObjectStores.open(
            "abfss://data@kilntest.dfs.core.windows.net/", AzureServer.options(azure.endpoint()))) {
      assertThat(store.read("a")).isEqualTo(BYTES);
      assertThat(store.uri("a")).isEqualTo("az://data@kilntest/a");
    }
  }
}
