package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.RequestException.Kind;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Finds credentials for Google Cloud Storage, in this order: an HMAC key ({@code GS_ACCESS_KEY_ID},
 * {@code GS_SECRET_ACCESS_KEY}), a token ({@code GOOGLE_OAUTH_ACCESS_TOKEN}), the file of
 * Application Default Credentials ({@code GOOGLE_APPLICATION_CREDENTIALS}, else gcloud's), the
 * metadata server of the machine.
 */
final class GoogleCredentials {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);
  private static final String SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";
  private static final String TOKEN_URL = "https://oauth2.googleapis.com/token";
  private static final String FILE = "GOOGLE_APPLICATION_CREDENTIALS";

  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  private final String bucket;
  private final CloudOptions cloud;
  private final TokenRequests requests;
  private final MachineIdentity machine;

  private GoogleCredentials(String bucket, StoreOptions options) {
    this.bucket = bucket;
    this.cloud = options.cloud();
    this.requests = new TokenRequests(options);
    this.machine = new MachineIdentity(bucket, options.limits());
  }

  /**
   * Finds credentials.
   *
   * @param bucket URI of the bucket, for messages
   * @param options identity and environment
   * @param emulated whether the endpoint is not Google's, so that credentials are optional
   * @throws ConfigurationException if credentials are required or malformed
   */
  static RequestSigner find(String bucket, StoreOptions options, boolean emulated) {
    if (options.identity().signing() == Identity.Signing.ANONYMOUS) {
      return RequestSigner.ANONYMOUS;
    }
    Optional<RequestSigner> found = new GoogleCredentials(bucket, options).find(emulated);
    if (found.isEmpty() && options.identity().signing() == Identity.Signing.REQUIRED && !emulated) {
      throw new ConfigurationException(
          bucket
              + ": no Google credentials found: set GOOGLE_APPLICATION_CREDENTIALS, run gcloud auth"
              + " application-default login, set GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY, or give"
              + " the machine a service account");
    }
    if (found.isEmpty()) {
      log.info("no Google credentials found, requests are anonymous: bucket={}", bucket);
    }
    return found.orElse(RequestSigner.ANONYMOUS);
  }

  private Optional<RequestSigner> find(boolean emulated) {
    Optional<String> id = cloud.variable("GS_ACCESS_KEY_ID");
    Optional<String> secret = cloud.variable("GS_SECRET_ACCESS_KEY");
    if (id.isPresent() != secret.isPresent()) {
      throw new ConfigurationException(
          bucket + ": expected both of GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY, found one");
    }
    if (id.isPresent()) {
      return Optional.of(new GoogleHmac(new AccessKey(id.get(), secret.get())));
    }
    Optional<String> token = cloud.variable("GOOGLE_OAUTH_ACCESS_TOKEN");
    if (token.isPresent()) {
      return Optional.of(BearerTokens.fixed(token.get()));
    }
    Optional<Path> file = file();
    if (file.isPresent()) {
      JsonNode json = read(file.get());
      CachedToken.Source source = source(file.get(), json);
      return Optional.of(BearerTokens.of(source));
    }
    return emulated && cloud.variable("GCE_METADATA_HOST").isEmpty()
        ? Optional.empty()
        : metadata();
  }

  private Optional<Path> file() {
    Optional<String> given = cloud.variable(FILE);
    if (given.isPresent()) {
      return given.map(Path::of);
    }
    Path directory =
        cloud
            .variable("CLOUDSDK_CONFIG")
            .map(Path::of)
            .orElseGet(
                () -> Path.of(cloud.variable("HOME").orElse("/nonexistent"), ".config", "gcloud"));
    return Optional.of(directory.resolve("application_default_credentials.json"))
        .filter(Files::isRegularFile);
  }

  private static JsonNode read(Path file) {
    try {
      return JsonMapper.shared().readTree(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new ConfigurationException(
          FILE
              + " "
              + file
              + ": cannot be read ("
              + e.getClass().getSimpleName()
              + "): correct the"
              + " path or its permissions",
          e);
    } catch (JacksonException e) {
      // Without the cause: the text of a parser's message can hold part of a secret.
      throw new ConfigurationException(
          "%s %s: expected JSON, found other text at line %d, column %d"
              .formatted(FILE, file, e.getLocation().getLineNr(), e.getLocation().getColumnNr()));
    }
  }

  private CachedToken.Source source(Path file, JsonNode json) {
    String type = json.path("type").asString("");
    String what = FILE + " " + file;
    return switch (type) {
      case "service_account" -> serviceAccount(what, json);
      case "authorized_user" ->
          () ->
              TokenRequests.token(
                  what,
                  requests.post(
                      what,
                      TokenRequests.url(what, json.path("token_uri").asString(TOKEN_URL)),
                      Map.of(
                          "grant_type",
                          "refresh_token",
                          "client_id",
                          json.path("client_id").asString(""),
                          "client_secret",
                          json.path("client_secret").asString(""),
                          "refresh_token",
                          json.path("refresh_token").asString(""))));
      case "external_account" -> () -> exchange(what, json);
      default ->
          throw new ConfigurationException(
              what
                  + ": expected credentials of type service_account, authorized_user or"
                  + " external_account, found '"
                  + type
                  + "'");
    };
  }

  private CachedToken.Source serviceAccount(String what, JsonNode json) {
    PrivateKey key = privateKey(what, json.path("private_key").asString(""));
    String url = json.path("token_uri").asString(TOKEN_URL);
    return () -> {
      Instant now = Instant.now();
      ObjectNode header = JsonMapper.shared().createObjectNode().put("alg", "RS256");
      header.put("typ", "JWT").put("kid", json.path("private_key_id").asString(""));
      ObjectNode claims =
          JsonMapper.shared()
              .createObjectNode()
              .put("iss", json.path("client_email").asString(""))
              .put("scope", SCOPE)
              .put("aud", url)
              .put("iat", now.getEpochSecond())
              .put("exp", now.plus(Duration.ofHours(1)).getEpochSecond());
      String unsigned = encode(header.toString()) + "." + encode(claims.toString());
      return TokenRequests.token(
          what,
          requests.post(
              what,
              TokenRequests.url(what, url),
              Map.of(
                  "grant_type",
                  "urn:ietf:params:oauth:grant-type:jwt-bearer",
                  "assertion",
                  unsigned + "." + sign(key, unsigned))));
    };
  }

  private static String encode(String text) {
    return BASE64.encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static PrivateKey privateKey(String what, String pem) {
    try {
      String body = pem.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
      return KeyFactory.getInstance("RSA")
          .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body)));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new ConfigurationException(
          what + ": expected a private_key in PKCS #8, found other text", e);
    }
  }

  private static String sign(PrivateKey key, String text) {
    try {
      Signature signature = Signature.getInstance("SHA256withRSA");
      signature.initSign(key);
      signature.update(text.getBytes(StandardCharsets.UTF_8));
      return BASE64.encodeToString(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Exchanges the token of another identity provider (workload identity federation). */
  private CachedToken.Token exchange(String what, JsonNode json) throws RequestException {
    JsonNode source = json.path("credential_source");
    String subject;
    if (source.has("file")) {
      try {
        subject =
            subject(source, Files.readString(Path.of(source.path("file").asString(""))).strip());
      } catch (IOException e) {
        throw new RequestException(
            Kind.CONFIGURATION, what + ": cannot read the token file: " + e.getMessage(), e);
      }
    } else if (source.has("url") && !source.has("environment_id")) {
      Map<String, String> headers = new java.util.TreeMap<>();
      source
          .path("headers")
          .properties()
          .forEach(header -> headers.put(header.getKey(), header.getValue().asString("")));
      JsonNode found = requests.get(what, URI.create(source.path("url").asString("")), headers);
      subject = subject(source, found.isString() ? found.asString("") : found.toString());
    } else {
      throw new RequestException(
          Kind.CONFIGURATION,
          what + ": expected a credential_source with file or url, found another",
          null);
    }
    CachedToken.Token federated =
        TokenRequests.token(
            what,
            requests.post(
                what,
                TokenRequests.url(
                    what, json.path("token_url").asString("https://sts.googleapis.com/v1/token")),
                Map.of(
                    "grant_type",
                    "urn:ietf:params:oauth:grant-type:token-exchange",
                    "audience",
                    json.path("audience").asString(""),
                    "scope",
                    "https://www.googleapis.com/auth/cloud-platform",
                    "requested_token_type",
                    "urn:ietf:params:oauth:token-type:access_token",
                    "subject_token_type",
                    json.path("subject_token_type").asString(""),
                    "subject_token",
                    subject)));
    String impersonation = json.path("service_account_impersonation_url").asString("");
    if (impersonation.isEmpty()) {
      return federated;
    }
    JsonNode response =
        requests.postJson(
            what,
            TokenRequests.url(what, impersonation),
            federated.value(),
            "{\"scope\":[\"" + SCOPE + "\"]}");
    return new CachedToken.Token(
        response.path("accessToken").asString(""),
        Instant.parse(response.path("expireTime").asString(Instant.now().toString())));
  }

  private static String subject(JsonNode source, String text) {
    JsonNode format = source.path("format");
    if (!format.path("type").asString("").equals("json")) {
      return text;
    }
    return JsonMapper.shared()
        .readTree(text)
        .path(format.path("subject_token_field_name").asString("access_token"))
        .asString("");
  }

  private Optional<RequestSigner> metadata() {
    String host = cloud.variable("GCE_METADATA_HOST").orElse("metadata.google.internal");
    URI url =
        URI.create(
            "http://" + host + "/computeMetadata/v1/instance/service-accounts/default/token");
    String what = "metadata server " + host;
    boolean named = cloud.variable("GCE_METADATA_HOST").isPresent();
    return machine.find(
        () ->
            TokenRequests.token(
                what, requests.ofMachine(what, url, Map.of("Metadata-Flavor", "Google"), named)),
        named);
  }
}
