package dev.kiln.fetch;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs requests to the XML API of Google Cloud Storage with an HMAC key, by the V4 process.
 *
 * @see <a href="https://cloud.google.com/storage/docs/authentication/signatures">Signatures</a>
 */
final class GoogleHmac implements RequestSigner {
  private static final String ALGORITHM = "GOOG4-HMAC-SHA256";
  private static final String SCOPE = "/auto/storage/goog4_request";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  private final AccessKey key;

  GoogleHmac(AccessKey key) {
    this.key = key;
  }

  @Override
  public HttpCall sign(HttpCall call) {
    return sign(call, Instant.now());
  }

  /** Signs a request as of a time. */
  HttpCall sign(HttpCall call, Instant now) {
    String time = TIME.format(now);
    String day = time.substring(0, 8);
    HttpCall dated =
        call.with("x-goog-date", time).with("x-goog-content-sha256", "UNSIGNED-PAYLOAD");
    Map<String, String> headers = new TreeMap<>();
    dated
        .headers()
        .forEach((name, value) -> headers.put(name.toLowerCase(Locale.ROOT), value.strip()));
    headers.put("host", dated.url().getRawAuthority());
    String names = String.join(";", headers.keySet());
    String query =
        dated.url().getRawQuery() == null
            ? ""
            : Arrays.stream(dated.url().getRawQuery().split("&"))
                .map(parameter -> parameter.contains("=") ? parameter : parameter + "=")
                .sorted()
                .collect(Collectors.joining("&"));
    String canonical =
        dated.method()
            + "\n"
            + dated.url().getRawPath()
            + "\n"
            + query
            + "\n"
            + headers.entrySet().stream()
                .map(header -> header.getKey() + ":" + header.getValue() + "\n")
                .collect(Collectors.joining())
            + "\n"
            + names
            + "\nUNSIGNED-PAYLOAD";
    String toSign =
        ALGORITHM
            + "\n"
            + time
            + "\n"
            + day
            + SCOPE
            + "\n"
            + HexFormat.of().formatHex(hash(canonical));
    byte[] signing = ("GOOG4" + key.secret()).getBytes(StandardCharsets.UTF_8);
    for (String part : (day + SCOPE).split("/")) {
      signing = hmac(signing, part);
    }
    return dated.with(
        "Authorization",
        "%s Credential=%s/%s%s, SignedHeaders=%s, Signature=%s"
            .formatted(
                ALGORITHM,
                key.id(),
                day,
                SCOPE,
                names,
                HexFormat.of().formatHex(hmac(signing, toSign))));
  }

  private static byte[] hash(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns the HMAC-SHA256 of a text. */
  static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
