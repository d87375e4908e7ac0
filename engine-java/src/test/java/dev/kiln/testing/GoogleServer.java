package dev.kiln.testing;

import dev.kiln.fetch.AccessKey;
import dev.kiln.fetch.CloudOptions;
import dev.kiln.fetch.Identity;
import dev.kiln.fetch.RequestLimits;
import dev.kiln.fetch.StoreOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A stand-in for the XML API of Google Cloud Storage and the services that issue tokens for it. It
 * checks signatures, tokens and checksums.
 */
public final class GoogleServer extends CloudServer {
  /** The only HMAC key that it takes. */
  public static final AccessKey KEY = new AccessKey("GOOGKILNTEST", "planted-hmac-secret");

  private static final Pattern SIGNED =
      Pattern.compile(
          "GOOG4-HMAC-SHA256 Credential=([^/]+)/(\\d{8})/([^/]+)/storage/goog4_request,"
              + " ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})");

  private final Map<String, TreeMap<Integer, byte[]>> uploads = new ConcurrentHashMap<>();
  private volatile boolean open;
  private volatile BiFunction<Request, String, String> issuer = (request, body) -> null;

  private GoogleServer() throws IOException {}

  /** Starts a server on a free port. */
  public static GoogleServer start() throws IOException {
    return new GoogleServer();
  }

  /** Sets whether anyone may read and write. */
  public void open(boolean value) {
    open = value;
  }

  /** Sets what issues tokens: returns JSON for a request and its body, or null to refuse. */
  public void issuer(BiFunction<Request, String, String> value) {
    issuer = value;
  }

  /** Options that reach an endpoint with this server's key, and do not wait long. */
  public static StoreOptions options(URI endpoint) {
    return options(
        endpoint, Map.of("GS_ACCESS_KEY_ID", KEY.id(), "GS_SECRET_ACCESS_KEY", KEY.secret()));
  }

  /** Options with an environment. */
  public static StoreOptions options(URI endpoint, Map<String, String> environment) {
    return new StoreOptions(
            Optional.empty(),
            Optional.empty(),
            new Identity(Identity.Signing.REQUIRED, Optional.empty(), false),
            new RequestLimits(8, 4, Duration.ofMillis(5), Duration.ofSeconds(20)))
        .withCloud(new CloudOptions(Optional.of(endpoint), Optional.empty(), false, environment));
  }

  @Override
  Response error(int status, String code, String message) {
    return Response.of(
            status,
            "<?xml version='1.0' encoding='UTF-8'?><Error><Code>%s</Code><Message>%s</Message></Error>"
                .formatted(code, message))
        .with("Content-Type", "application/xml");
  }

  @Override
  Response answer(Request request, byte[] body) {
    String path = request.uri().getRawPath();
    if (path.startsWith("/computeMetadata/") || path.startsWith("/issue/")) {
      String json = issuer.apply(request, new String(body, StandardCharsets.UTF_8));
      return json == null
          ? Response.of(400, "{\"error\":\"invalid_grant\",\"error_description\":\"refused\"}")
          : Response.of(200, json);
    }
    Optional<Response> refused = refuse(request);
    if (refused.isPresent()) {
      return refused.get();
    }
    int slash = path.indexOf('/', 1);
    String bucket = slash < 0 ? path.substring(1) : path.substring(1, slash);
    String key =
        slash < 0
            ? ""
            : URLDecoder.decode(
                path.substring(slash + 1).replace("+", "%2B"), StandardCharsets.UTF_8);
    ConcurrentSkipListMap<String, byte[]> objects = find(bucket);
    if (objects == null) {
      return error(404, "NoSuchBucket", "The specified bucket does not exist.");
    }
    Map<String, String> query = request.query();
    return switch (request.method()) {
      case "GET", "HEAD" ->
          key.isEmpty()
              ? listing(objects, query)
              : objects.containsKey(key)
                  ? object(request, objects.get(key), "PreconditionFailed", "InvalidRange")
                  : error(404, "NoSuchKey", "The specified key does not exist.");
      case "PUT" -> put(request, objects, key, query, body);
      case "POST" -> post(objects, key, query, body);
      case "DELETE" -> {
        if (query.containsKey("uploadId")) {
          uploads.remove(query.get("uploadId"));
        } else if (objects.remove(key) == null) {
          yield error(404, "NoSuchKey", "The specified key does not exist.");
        }
        yield Response.of(204, "");
      }
      default -> error(405, "MethodNotAllowed", "no");
    };
  }

  private Response put(
      Request request,
      ConcurrentSkipListMap<String, byte[]> objects,
      String key,
      Map<String, String> query,
      byte[] body) {
    CRC32C crc = new CRC32C();
    crc.update(body);
    String expected =
        "crc32c="
            + Base64.getEncoder()
                .encodeToString(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    if (!request.header("x-goog-hash").equals(expected)) {
      return error(400, "BadDigest", "The checksum does not match.");
    }
    if (query.containsKey("uploadId")) {
      TreeMap<Integer, byte[]> parts = uploads.get(query.get("uploadId"));
      if (parts == null) {
        return error(404, "NoSuchUpload", "no");
      }
      synchronized (parts) {
        parts.put(Integer.parseInt(query.get("partNumber")), body);
      }
    } else {
      objects.put(key, body);
    }
    return Response.of(200, "").with("ETag", tag(body));
  }

  private Response post(
      ConcurrentSkipListMap<String, byte[]> objects,
      String key,
      Map<String, String> query,
      byte[] body) {
    if (query.containsKey("uploads")) {
      String id = "upload/" + uploads.size() + "+";
      uploads.put(id, new TreeMap<>());
      return Response.of(
          200,
          "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>"
              .formatted(id));
    }
    TreeMap<Integer, byte[]> parts = uploads.remove(query.get("uploadId"));
    if (parts == null) {
      return error(404, "NoSuchUpload", "The specified upload does not exist.");
    }
    Matcher listed =
        Pattern.compile("<PartNumber>(\\d+)</PartNumber><ETag>([^<]+)</ETag>")
            .matcher(new String(body, StandardCharsets.UTF_8));
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    while (listed.find()) {
      byte[] part = parts.get(Integer.parseInt(listed.group(1)));
      if (!tag(part).equals(listed.group(2))) {
        return error(400, "InvalidPart", "no");
      }
      whole.writeBytes(part);
    }
    objects.put(key, whole.toByteArray());
    return Response.of(200, "<CompleteMultipartUploadResult/>");
  }

  /** Returns how many uploads in parts were started and neither completed nor aborted. */
  public int openUploads() {
    return uploads.size();
  }

  private static Response listing(
      ConcurrentSkipListMap<String, byte[]> objects, Map<String, String> query) {
    String after = query.getOrDefault("continuation-token", query.getOrDefault("start-after", ""));
    Listed listed =
        list(
            objects,
            query.getOrDefault("prefix", ""),
            query.getOrDefault("delimiter", ""),
            after,
            Integer.parseInt(query.getOrDefault("max-keys", "1000")));
    StringBuilder xml = new StringBuilder("<?xml version='1.0' encoding='UTF-8'?>");
    xml.append("<ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'>");
    xml.append("<Name>bucket</Name><Prefix>").append(xml(query.getOrDefault("prefix", "")));
    xml.append("</Prefix><IsTruncated>").append(!listed.next().isEmpty());
    xml.append("</IsTruncated>");
    if (!listed.next().isEmpty()) {
      xml.append("<NextContinuationToken>").append(xml(listed.next()));
      xml.append("</NextContinuationToken>");
    }
    listed
        .keys()
        .forEach(
            key ->
                xml.append("<Contents><Key>")
                    .append(xml(key))
                    .append("</Key><Size>1</Size></Contents>"));
    listed
        .prefixes()
        .forEach(
            prefix ->
                xml.append("<CommonPrefixes><Prefix>")
                    .append(xml(prefix))
                    .append("</Prefix></CommonPrefixes>"));
    return Response.of(200, xml.append("</ListBucketResult>").toString());
  }

  private Optional<Response> refuse(Request request) {
    String authorization = request.header("Authorization");
    if (authorization.startsWith("Bearer ")) {
      return tokens.contains(authorization.substring(7))
          ? Optional.empty()
          : Optional.of(error(401, "AuthenticationRequired", "Invalid credentials."));
    }
    if (authorization.isEmpty()) {
      return open
          ? Optional.empty()
          : Optional.of(error(403, "AccessDenied", "Anonymous caller has no access."));
    }
    Matcher signed = SIGNED.matcher(authorization);
    if (!signed.matches() || !signed.group(1).equals(KEY.id())) {
      return Optional.of(error(403, "InvalidAccessKeyId", "no"));
    }
    return signature(request, signed).equals(signed.group(5))
        ? Optional.empty()
        : Optional.of(error(403, "SignatureDoesNotMatch", "no"));
  }

  private static String signature(Request request, Matcher signed) {
    List<String> lines = new ArrayList<>();
    lines.add(request.method());
    lines.add(request.uri().getRawPath());
    List<String> parameters = new ArrayList<>();
    if (request.uri().getRawQuery() != null) {
      for (String parameter : request.uri().getRawQuery().split("&")) {
        parameters.add(parameter.indexOf('=') < 0 ? parameter + "=" : parameter);
      }
    }
    parameters.sort(null);
    lines.add(String.join("&", parameters));
    boolean host = false;
    boolean date = false;
    for (String name : signed.group(4).split(";")) {
      lines.add(name + ":" + request.header(name).strip());
      host |= name.equals("host");
      date |= name.equals("x-goog-date");
    }
    if (!host || !date) {
      return "host and x-goog-date must be signed";
    }
    lines.add("");
    lines.add(signed.group(4));
    lines.add(request.header("x-goog-content-sha256"));
    String scope = signed.group(2) + "/" + signed.group(3) + "/storage/goog4_request";
    try {
      String hash =
          HexFormat.of()
              .formatHex(
                  MessageDigest.getInstance("SHA-256")
                      .digest(String.join("\n", lines).getBytes(StandardCharsets.UTF_8)));
      byte[] key = ("GOOG4" + KEY.secret()).getBytes(StandardCharsets.UTF_8);
      key = hmac(key, signed.group(2));
      key = hmac(key, signed.group(3));
      key = hmac(key, "storage");
      key = hmac(key, "goog4_request");
      return HexFormat.of()
          .formatHex(
              hmac(
                  key,
                  String.join(
                      "\n", "GOOG4-HMAC-SHA256", request.header("x-goog-date"), scope, hash)));
    } catch (java.security.GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static byte[] hmac(byte[] key, String text) throws java.security.GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
  }
}
