package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.RequestException.Kind;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * A container of Azure Blob Storage.
 *
 * @see <a href="https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api">Blob
 *     service REST API</a>
 */
final class AzureStore implements CloudService {
  /** Old enough for every emulator and sovereign cloud. */
  private static final String VERSION = "2021-08-06";

  private final CloudLocation location;
  private final String account;
  private final String endpoint;
  private final RequestSigner signer;

  /**
   * Creates a service.
   *
   * @param location of the container
   * @param options endpoint, identity and environment
   * @throws ConfigurationException if the account is unknown, credentials are required and none are
   *     found, or the endpoint would show a token
   */
  AzureStore(CloudLocation location, StoreOptions options) {
    this.location = location;
    AzureAccount own = AzureAccount.of(options.cloud());
    this.account =
        location
            .account()
            .or(own::name)
            .orElseThrow(
                () ->
                    new ConfigurationException(
                        location.root()
                            + ": unknown storage account: set AZURE_STORAGE_ACCOUNT, or write"
                            + " az://CONTAINER@ACCOUNT"));
    this.endpoint = endpoint(own, options).replaceFirst("/+$", "");
    this.signer = AzureCredentials.find(location, account, own, options);
    boolean secret = signer instanceof BearerTokens || signer instanceof SasTokens;
    if (secret && !TokenRequests.isConfidential(URI.create(endpoint))) {
      throw new ConfigurationException(
          location.root()
              + ": expected an https endpoint for a token or signature, found "
              + endpoint);
    }
  }

  private String endpoint(AzureAccount own, StoreOptions options) {
    Optional<URI> given = options.cloud().azureEndpoint();
    if (given.isPresent()) {
      String path = given.get().getPath();
      return path == null || path.isEmpty() || path.equals("/")
          ? given.get().toString().replaceFirst("/+$", "") + "/" + account
          : given.get().toString();
    }
    return own.endpoint()
        .filter(url -> own.name().orElse("").equals(account))
        .map(URI::toString)
        .orElse("https://" + account + ".blob.core.windows.net");
  }

  @Override
  public CloudLocation location() {
    return location;
  }

  @Override
  public URI url(String key) {
    return blob(location.prefix() + key, "");
  }

  private URI blob(String key, String query) {
    return URI.create(
        endpoint + "/" + location.container() + "/" + CloudLocation.encode(key) + query);
  }

  @Override
  public boolean isAnonymous() {
    return signer == RequestSigner.ANONYMOUS;
  }

  @Override
  public HttpCall authorize(HttpCall call) throws RequestException {
    return signer.sign(call.with("x-ms-version", VERSION));
  }

  @Override
  public void renew() {
    signer.renew();
  }

  @Override
  public HttpCall list(String prefix, boolean directories, String after, String token, int max) {
    StringBuilder query = new StringBuilder("?restype=container&comp=list&maxresults=" + max);
    query.append("&prefix=").append(CloudLocation.encodeQuery(prefix));
    if (directories) {
      query.append("&delimiter=%2F");
    }
    if (!token.isEmpty()) {
      query.append("&marker=").append(CloudLocation.encodeQuery(token));
    }
    return HttpCall.of("GET", URI.create(endpoint + "/" + location.container() + query));
  }

  @Override
  public String[] listElements() {
    return new String[] {"Blobs/Blob/Name", "Blobs/BlobPrefix/Name", "NextMarker"};
  }

  @Override
  public boolean listsInOrder() {
    return false;
  }

  @Override
  public HttpCall put(String key, ByteBuffer bytes, String contentType) {
    return HttpCall.of("PUT", blob(key, ""))
        .with("Content-Type", contentType)
        .with("x-ms-blob-type", "BlockBlob")
        .with("Content-MD5", md5(bytes))
        .with(bytes);
  }

  private static String md5(ByteBuffer bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("MD5");
      digest.update(bytes.duplicate());
      return Base64.getEncoder().encodeToString(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public Uploads.Parts start(HttpRequests requests, String key, String contentType) {
    return new Blocks(requests, key, contentType);
  }

  /** Blocks, which belong to no blob until the list of them is written. */
  private final class Blocks extends PartsInFlight<HttpRequests.Success> {
    private final HttpRequests requests;
    private final String what;
    private final String key;
    private final String contentType;

    /** Another writer of the same blob must not replace a block. */
    private final String upload = UUID.randomUUID().toString();

    Blocks(HttpRequests requests, String key, String contentType) {
      super(Optional.empty());
      this.requests = requests;
      this.what = location.root() + "/" + key + ": put";
      this.key = key;
      this.contentType = contentType;
    }

    private String id(int number) {
      byte[] id = "%s-%05d".formatted(upload, number).getBytes(StandardCharsets.UTF_8);
      return Base64.getEncoder().encodeToString(id);
    }

    @Override
    CompletableFuture<HttpRequests.Success> send(int number, ByteBuffer block) {
      return requests.write(
          what + " of block " + number,
          HttpCall.of(
                  "PUT", blob(key, "?comp=block&blockid=" + CloudLocation.encodeQuery(id(number))))
              .with("Content-MD5", md5(block))
              .with(block),
          "x-ms-request-id");
    }

    @Override
    void join(List<HttpRequests.Success> responses) throws RequestException, InterruptedException {
      StringBuilder list =
          new StringBuilder("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
      for (int number = 1; number <= responses.size(); number++) {
        list.append("<Latest>").append(id(number)).append("</Latest>");
      }
      byte[] body = list.append("</BlockList>").toString().getBytes(StandardCharsets.UTF_8);
      Requests.await(
          requests.write(
              what,
              HttpCall.of("PUT", blob(key, "?comp=blocklist"))
                  .with("Content-Type", "application/xml")
                  .with("x-ms-blob-content-type", contentType)
                  .with(ByteBuffer.wrap(body)),
              "ETag"));
    }

    @Override
    Optional<Stored> stored() throws RequestException, InterruptedException {
      return requests.stored(what, blob(key, ""));
    }

    /** Does nothing: the service removes blocks without a blob after a week. */
    @Override
    void discard() {}
  }

  @Override
  public Optional<RequestException> error(Failure failure) {
    String code = failure.headers().firstValue("x-ms-error-code").orElseGet(failure::code);
    String found = failure.found(code);
    String root = location.root();
    return Optional.ofNullable(
        switch (code) {
          case "ContainerNotFound" ->
              configuration(root + ": no such container in account " + account + ": correct it");
          case "ContainerBeingDeleted", "Md5Mismatch", "OperationTimedOut", "ServerBusy" ->
              new RequestException(Kind.TRANSIENT, found, null);
          case "AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation" ->
              authentication(failure, found);
          case "AccountIsDisabled" -> configuration(root + ": " + found);
          case "PublicAccessNotPermitted",
              "AuthorizationFailure",
              "AuthorizationPermissionMismatch",
              "AuthorizationProtocolMismatch",
              "AuthorizationSourceIPMismatch",
              "AuthorizationServiceMismatch",
              "AuthorizationResourceTypeMismatch",
              "InsufficientAccountPermissions" ->
              denied(found);
          default -> ofStatus(failure, found);
        });
  }

  private RequestException ofStatus(Failure failure, String found) {
    return switch (failure.status()) {
      case 401, 403 -> denied(found);
      case 404 ->
          new RequestException(
              Kind.MISSING,
              "no such object in "
                  + location.root()
                  + (isAnonymous() ? ", or it is not public" : ""),
              null);
      case 412, 416 -> null;
      default -> new RequestException(Kind.REFUSED, found + ": " + failure.text(), null);
    };
  }

  /**
   * Azure has one code for credentials that are wrong, expired or missing; only its text differs.
   */
  private RequestException authentication(Failure failure, String found) {
    if (isAnonymous()) {
      return denied(found);
    }
    String text = failure.body().toLowerCase(Locale.ROOT);
    if (text.contains("request date header too old")) {
      return configuration(location.root() + ": this machine's clock is wrong (" + found + ")");
    }
    boolean expired =
        text.contains("expired")
            || text.contains("lifetime validation failed")
            || text.contains("not valid in the specified time frame")
            || text.contains("signed expiry time");
    if (expired) {
      return new RequestException(
          signer.renews() ? Kind.EXPIRED : Kind.CONFIGURATION,
          location.root()
              + ": the "
              + (signer instanceof SasTokens ? "signature has" : "credentials have")
              + " expired ("
              + found
              + "): renew "
              + (signer instanceof SasTokens ? "it" : "them"),
          null);
    }
    if (signer.renews()) {
      // The token may have been revoked; a new one shows whether it was.
      return new RequestException(
          Kind.EXPIRED, location.root() + ": the credentials are refused (" + found + ")", null);
    }
    return configuration(
        location.root()
            + ": the credentials are refused ("
            + found
            + "): check AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or"
            + " AZURE_STORAGE_CONNECTION_STRING");
  }

  private RequestException denied(String found) {
    return new RequestException(
        Kind.DENIED,
        found
            + (isAnonymous()
                ? ": the request was anonymous; set AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY or"
                    + " AZURE_STORAGE_SAS_TOKEN, or give --sign planetary-computer"
                : ": the credentials lack the role Storage Blob Data Reader or Contributor, or the"
                    + " signature lacks r, l, c or w"),
        null);
  }

  private static RequestException configuration(String reason) {
    return new RequestException(Kind.CONFIGURATION, reason, null);
  }
}
