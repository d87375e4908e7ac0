package dev.kiln.testing;

import dev.kiln.fetch.CloudOptions;
import dev.kiln.fetch.Identity;
import dev.kiln.fetch.RequestLimits;
import dev.kiln.fetch.StoreOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A stand-in for Azure Blob Storage and the services that issue tokens and signatures for it. Its
 * paths begin with the account. It checks signatures, tokens and checksums.
 */
public final class AzureServer extends CloudServer {
  /** The account whose key it knows. */
  public static final String ACCOUNT = "kilntest";

  /** The key of the account. */
  public static final String KEY =
      Base64.getEncoder().encodeToString("planted-azure-account-key".getBytes());

  /** The signature that it takes, with an expiry. */
  public static final String SIGNATURE = "planted+signature/=";

  private final Map<String, Map<String, byte[]>> blocks = new ConcurrentHashMap<>();
  private volatile boolean open;
  private volatile BiFunction<Request, String, String> issuer = (request, body) -> null;

  private AzureServer() throws IOException {}

  /** Starts a server on a free port. */
  public static AzureServer start() throws IOException {
    return new AzureServer();
  }

  /** Sets whether anyone may read and write. */
  public void open(boolean value) {
    open = value;
  }

  /** Sets what issues tokens: returns JSON for a request and its body, or null to refuse. */
  public void issuer(BiFunction<Request, String, String> value) {
    issuer = value;
  }

  /** Returns a shared access signature, encoded. */
  public static String sas(Instant expires) {
    return "sv=2021-08-06&sp=rcwl&se="
        + expires.toString().replace(":", "%3A")
        + "&sig="
        + SIGNATURE.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D");
  }

  /** Options that reach an endpoint with this server's key, and do not wait long. */
  public static StoreOptions options(URI endpoint) {
    return options(
        endpoint, Map.of("AZURE_STORAGE_ACCOUNT", ACCOUNT, "AZURE_STORAGE_KEY", KEY), false);
  }

  /** Options with an environment. */
  public static StoreOptions options(
      URI endpoint, Map<String, String> environment, boolean planetaryComputer) {
    return new StoreOptions(
            Optional.empty(),
            Optional.empty(),
            new Identity(
                planetaryComputer ? Identity.Signing.IF_POSSIBLE : Identity.Signing.REQUIRED,
                Optional.empty(),
                false),
            new RequestLimits(8, 4, Duration.ofMillis(5), Duration.ofSeconds(20)))
        .withCloud(
            new CloudOptions(
                Optional.empty(), Optional.of(endpoint), planetaryComputer, environment));
  }

  @Override
  Response error(int status, String code, String message) {
    return Response.of(
            status,
            "\uFEFF<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>%s</Code><Message>%s</Message></Error>"
                .formatted(code, message))
        .with("x-ms-error-code", code);
  }

  @Override
  Response answer(Request request, byte[] body) {
    String path = request.uri().getRawPath();
    if (path.startsWith("/metadata/") || path.startsWith("/issue/") || path.startsWith("/sas/")) {
      String json = issuer.apply(request, new String(body, StandardCharsets.UTF_8));
      return json == null
          ? Response.of(400, "{\"error\":\"invalid_client\",\"error_description\":\"refused\"}")
          : Response.of(200, json);
    }
    String[] parts = path.substring(1).split("/", 3);
    Optional<Response> refused = refuse(request, parts[0]);
    if (refused.isPresent()) {
      return refused.get();
    }
    ConcurrentSkipListMap<String, byte[]> objects = find(parts[0] + "/" + parts[1]);
    if (objects == null) {
      return error(404, "ContainerNotFound", "The specified container does not exist.");
    }
    Map<String, String> query = request.query();
    if (parts.length < 3) {
      return query.getOrDefault("comp", "").equals("list")
          ? listing(objects, query)
          : error(400, "InvalidQueryParameterValue", "comp");
    }
    String key = URLDecoder.decode(parts[2].replace("+", "%2B"), StandardCharsets.UTF_8);
    if (request.method().equals("PUT")) {
      return put(request, objects, key, query, body).with("x-ms-request-id", "1");
    }
    if (request.method().equals("DELETE")) {
      return objects.remove(key) == null
          ? error(404, "BlobNotFound", "The specified blob does not exist.")
          : Response.of(202, "");
    }
    return objects.containsKey(key)
        ? object(request, objects.get(key), "ConditionNotMet", "InvalidRange")
        : error(404, "BlobNotFound", "The specified blob does not exist.");
  }

  private Response put(
      Request request,
      ConcurrentSkipListMap<String, byte[]> objects,
      String key,
      Map<String, String> query,
      byte[] body) {
    String component = query.getOrDefault("comp", "");
    if (component.equals("blocklist")) {
      Matcher ids =
          Pattern.compile("<Latest>([^<]+)</Latest>")
              .matcher(new String(body, StandardCharsets.UTF_8));
      ByteArrayOutputStream whole = new ByteArrayOutputStream();
      Map<String, byte[]> own = blocks.getOrDefault(key, Map.of());
      while (ids.find()) {
        if (!own.containsKey(ids.group(1))) {
          return error(400, "InvalidBlockList", "no");
        }
        whole.writeBytes(own.get(ids.group(1)));
      }
      objects.put(key, whole.toByteArray());
      return Response.of(201, "").with("ETag", tag(whole.toByteArray()));
    }
    if (!request.header("Content-MD5").equals(md5(body))) {
      return error(400, "Md5Mismatch", "no");
    }
    if (component.equals("block")) {
      blocks
          .computeIfAbsent(key, unseen -> new ConcurrentHashMap<>())
          .put(query.get("blockid"), body);
      return Response.of(201, "");
    }
    if (!request.header("x-ms-blob-type").equals("BlockBlob")) {
      return error(400, "MissingRequiredHeader", "x-ms-blob-type");
    }
    objects.put(key, body);
    return Response.of(201, "").with("ETag", tag(body));
  }

  private static String md5(byte[] bytes) {
    try {
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("MD5").digest(bytes));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Response listing(
      ConcurrentSkipListMap<String, byte[]> objects, Map<String, String> query) {
    Listed listed =
        list(
            objects,
            query.getOrDefault("prefix", ""),
            query.getOrDefault("delimiter", ""),
            query.getOrDefault("marker", ""),
            Integer.parseInt(query.getOrDefault("maxresults", "5000")));
    StringBuilder xml = new StringBuilder("<?xml version=\"1.0\" encoding=\"utf-8\"?>");
    xml.append("<EnumerationResults ContainerName=\"c\"><Prefix>");
    xml.append(xml(query.getOrDefault("prefix", ""))).append("</Prefix><Blobs>");
    listed
        .keys()
        .forEach(
            key ->
                xml.append("<Blob><Name>")
                    .append(xml(key))
                    .append("</Name><Properties><Etag>0x8D</Etag></Properties></Blob>"));
    listed
        .prefixes()
        .forEach(
            prefix ->
                xml.append("<BlobPrefix><Name>")
                    .append(xml(prefix))
                    .append("</Name></BlobPrefix>"));
    xml.append("</Blobs><NextMarker>").append(xml(listed.next())).append("</NextMarker>");
    return Response.of(200, xml.append("</EnumerationResults>").toString());
  }

  private Optional<Response> refuse(Request request, String account) {
    if (request.header("x-ms-version").isEmpty()) {
      return Optional.of(error(400, "MissingRequiredHeader", "x-ms-version"));
    }
    String authorization = request.header("Authorization");
    Map<String, String> query = request.query();
    if (query.containsKey("sig")) {
      return ofSignature(query);
    }
    if (authorization.startsWith("Bearer ")) {
      return tokens.contains(authorization.substring(7))
          ? Optional.empty()
          : Optional.of(
              error(
                  401,
                  "InvalidAuthenticationInfo",
                  "Lifetime validation failed. The token is expired."));
    }
    if (authorization.isEmpty()) {
      return open
          ? Optional.empty()
          : Optional.of(error(409, "PublicAccessNotPermitted", "Public access is not permitted."));
    }
    return account.equals(ACCOUNT)
            && authorization.equals("SharedKey " + ACCOUNT + ":" + signature(request))
        ? Optional.empty()
        : Optional.of(
            error(403, "AuthenticationFailed", "The MAC signature found is not the same."));
  }

  private Optional<Response> ofSignature(Map<String, String> query) {
    if (!query.get("sig").equals(SIGNATURE)) {
      return Optional.of(error(403, "AuthenticationFailed", "Signature did not match."));
    }
    return Instant.parse(query.get("se")).isAfter(Instant.now())
        ? Optional.empty()
        : Optional.of(
            error(
                403,
                "AuthenticationFailed",
                "Signature not valid in the specified time frame: Expiry ["
                    + query.get("se")
                    + "]"));
  }

  private static String signature(Request request) {
    List<String> lines = new ArrayList<>();
    lines.add(request.method());
    for (String name : List.of("Content-Encoding", "Content-Language")) {
      lines.add(request.header(name));
    }
    String length = request.header("Content-Length");
    lines.add(length.equals("0") ? "" : length);
    for (String name :
        List.of(
            "Content-MD5",
            "Content-Type",
            "Date",
            "If-Modified-Since",
            "If-Match",
            "If-None-Match",
            "If-Unmodified-Since",
            "Range")) {
      lines.add(request.header(name));
    }
    Map<String, String> own = new TreeMap<>();
    request
        .headers()
        .forEach(
            (name, values) -> {
              if (name.toLowerCase(Locale.ROOT).startsWith("x-ms-")) {
                own.put(name.toLowerCase(Locale.ROOT), values.get(0));
              }
            });
    own.forEach((name, value) -> lines.add(name + ":" + value));
    lines.add("/" + ACCOUNT + request.uri().getRawPath());
    request.query().forEach((name, value) -> lines.add(name + ":" + value));
    try {
      return Base64.getEncoder()
          .encodeToString(
              GoogleServer.hmac(Base64.getDecoder().decode(KEY), String.join("\n", lines)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
