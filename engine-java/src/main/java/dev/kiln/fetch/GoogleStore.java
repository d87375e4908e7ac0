package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.RequestException.Kind;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bucket of Google Cloud Storage, by its XML API.
 *
 * @see <a href="https://cloud.google.com/storage/docs/xml-api/overview">XML API</a>
 */
final class GoogleStore implements CloudService {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);
  private static final String GOOGLE = "https://storage.googleapis.com";
  private static final Pattern UPLOAD_ID = Pattern.compile("<UploadId>([^<]+)</UploadId>");

  private final CloudLocation location;
  private final String endpoint;
  private final RequestSigner signer;
  private final Optional<String> payer;

  /**
   * Creates a service.
   *
   * @param location of the bucket
   * @param options endpoint, identity and environment
   * @throws ConfigurationException if credentials are required and none are found, or the endpoint
   *     would show a token
   */
  GoogleStore(CloudLocation location, StoreOptions options) {
    this.location = location;
    Optional<URI> other =
        options
            .cloud()
            .googleEndpoint()
            .or(() -> options.cloud().variable("STORAGE_EMULATOR_HOST").map(GoogleStore::emulator));
    this.endpoint = other.map(URI::toString).orElse(GOOGLE).replaceFirst("/+$", "");
    this.signer = GoogleCredentials.find(location.root(), options, other.isPresent());
    if (signer instanceof BearerTokens && !TokenRequests.isConfidential(URI.create(endpoint))) {
      throw new ConfigurationException(
          location.root() + ": expected an https endpoint for a token, found " + endpoint);
    }
    this.payer =
        options.identity().requesterPays()
            ? options.cloud().variable("GOOGLE_CLOUD_PROJECT")
            : Optional.empty();
  }

  private static URI emulator(String host) {
    try {
      return URI.create(host.contains("://") ? host : "http://" + host);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(
          "STORAGE_EMULATOR_HOST: expected a URL, found '" + host + "'", e);
    }
  }

  @Override
  public CloudLocation location() {
    return location;
  }

  @Override
  public URI url(String key) {
    return object(location.prefix() + key, "");
  }

  private URI object(String key, String query) {
    return URI.create(
        endpoint + "/" + location.container() + "/" + CloudLocation.encode(key) + query);
  }

  @Override
  public boolean isAnonymous() {
    return signer == RequestSigner.ANONYMOUS;
  }

  @Override
  public HttpCall authorize(HttpCall call) throws RequestException {
    return signer.sign(
        payer.map(project -> call.with("x-goog-user-project", project)).orElse(call));
  }

  @Override
  public void renew() {
    signer.renew();
  }

  @Override
  public HttpCall list(String prefix, boolean directories, String after, String token, int max) {
    StringBuilder query = new StringBuilder("/?list-type=2&max-keys=" + max);
    query.append("&prefix=").append(CloudLocation.encodeQuery(prefix));
    if (directories) {
      query.append("&delimiter=%2F");
    }
    if (!after.isEmpty()) {
      query.append("&start-after=").append(CloudLocation.encodeQuery(after));
    }
    if (!token.isEmpty()) {
      query.append("&continuation-token=").append(CloudLocation.encodeQuery(token));
    }
    return HttpCall.of("GET", URI.create(endpoint + "/" + location.container() + query));
  }

  @Override
  public String[] listElements() {
    return new String[] {"Contents/Key", "CommonPrefixes/Prefix", "NextContinuationToken"};
  }

  @Override
  public boolean listsInOrder() {
    return true;
  }

  @Override
  public HttpCall put(String key, ByteBuffer bytes, String contentType) {
    return HttpCall.of("PUT", object(key, ""))
        .with("Content-Type", contentType)
        .with("x-goog-hash", "crc32c=" + checksum(bytes))
        .with(bytes);
  }

  /** Returns the CRC-32C in the form of the {@code x-goog-hash} header. */
  private static String checksum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate());
    return Base64.getEncoder()
        .encodeToString(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
  }

  @Override
  public Uploads.Parts start(HttpRequests requests, String key, String contentType)
      throws RequestException, InterruptedException {
    String what = location.root() + "/" + key + ": put";
    HttpRequests.Success started =
        Requests.await(
            requests.request(
                what,
                HttpCall.of("POST", object(key, "?uploads"))
                    .with("Content-Type", contentType)
                    .with(ByteBuffer.allocate(0))));
    Matcher id = UPLOAD_ID.matcher(new String(started.body(), StandardCharsets.UTF_8));
    if (!id.find()) {
      throw new RequestException(
          Kind.TRANSIENT, "expected an UploadId, found a response without one", null);
    }
    return new Parts(requests, what, key, id.group(1), started.headers().firstValue("Date"));
  }

  /** An upload in parts, by the API that S3 has, too. */
  private final class Parts extends PartsInFlight<HttpRequests.Success> {
    private final HttpRequests requests;
    private final String what;
    private final String key;
    private final String id;

    Parts(HttpRequests requests, String what, String key, String id, Optional<String> date) {
      super(date);
      this.requests = requests;
      this.what = what;
      this.key = key;
      this.id = id;
    }

    private URI url(String query) {
      return object(key, query + "uploadId=" + CloudLocation.encodeQuery(id));
    }

    @Override
    CompletableFuture<HttpRequests.Success> send(int number, ByteBuffer part) {
      return requests.write(
          what + " of part " + number,
          HttpCall.of("PUT", url("?partNumber=" + number + "&"))
              .with("x-goog-hash", "crc32c=" + checksum(part))
              .with(part),
          "ETag");
    }

    @Override
    void join(List<HttpRequests.Success> responses) throws RequestException, InterruptedException {
      StringBuilder xml = new StringBuilder("<CompleteMultipartUpload>");
      for (int i = 0; i < responses.size(); i++) {
        xml.append("<Part><PartNumber>")
            .append(i + 1)
            .append("</PartNumber><ETag>")
            .append(responses.get(i).headers().firstValue("ETag").orElseThrow())
            .append("</ETag></Part>");
      }
      xml.append("</CompleteMultipartUpload>");
      Requests.await(
          requests.request(
              what,
              HttpCall.of("POST", url("?"))
                  .with("Content-Type", "application/xml")
                  .with(ByteBuffer.wrap(xml.toString().getBytes(StandardCharsets.UTF_8)))));
    }

    @Override
    Optional<Stored> stored() throws RequestException, InterruptedException {
      return requests.stored(what, object(key, ""));
    }

    /** Aborts the upload. Parts that are left cost money until a lifecycle rule removes them. */
    @Override
    void discard() {
      requests
          .request(what + ": abort", HttpCall.of("DELETE", url("?")))
          .whenComplete(
              (done, thrown) -> {
                if (thrown != null) {
                  log.warn(
                      "parts of an upload are left in the bucket: object={} upload={} reason=\"{}\";"
                          + " a lifecycle rule should remove them",
                      location.root() + "/" + key,
                      id,
                      thrown.getMessage());
                }
              });
    }
  }

  @Override
  public Optional<RequestException> error(Failure failure) {
    String code = failure.code();
    String root = location.root();
    String found = failure.found(code);
    return Optional.ofNullable(
        switch (code) {
          case "NoSuchBucket" -> configuration(root + ": no such bucket: correct its name");
          case "SignatureDoesNotMatch", "InvalidAccessKeyId", "InvalidSecurity" ->
              configuration(
                  root
                      + ": the credentials are refused ("
                      + code
                      + "): check GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY");
          case "RequestTimeTooSkewed" ->
              configuration(root + ": this machine's clock is wrong (" + code + ")");
          case "UserProjectMissing", "UserProjectInconsistent" ->
              configuration(
                  root
                      + ": the requester pays: give --requester-pays and set GOOGLE_CLOUD_PROJECT");
          case "UserProjectAccountProblem", "UserProjectInvalid" ->
              configuration(
                  root + ": the project of GOOGLE_CLOUD_PROJECT cannot be billed (" + code + ")");
          case "ExpiredToken" -> expired(found);
          case "BadDigest", "RequestTimeout", "OperationAborted" ->
              new RequestException(Kind.TRANSIENT, found, null);
          default -> ofStatus(failure, found);
        });
  }

  private RequestException ofStatus(Failure failure, String found) {
    return switch (failure.status()) {
      case 401 -> isAnonymous() ? denied(found) : expired(found);
      case 403 -> denied(found);
      case 404 -> new RequestException(Kind.MISSING, "no such object in " + location.root(), null);
      case 412, 416 -> null;
      default -> new RequestException(Kind.REFUSED, found + ": " + failure.text(), null);
    };
  }

  private RequestException denied(String found) {
    return new RequestException(
        Kind.DENIED,
        found
            + (isAnonymous()
                ? ": the request was anonymous; set GOOGLE_APPLICATION_CREDENTIALS or"
                    + " GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY"
                : ": the credentials lack storage.objects.get or storage.objects.create, or"
                    + " storage.objects.list"),
        null);
  }

  private RequestException expired(String found) {
    return new RequestException(
        signer.renews() ? Kind.EXPIRED : Kind.CONFIGURATION,
        location.root() + ": the credentials have expired (" + found + "): renew them",
        null);
  }

  private static RequestException configuration(String reason) {
    return new RequestException(Kind.CONFIGURATION, reason, null);
  }
}
