package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Signs requests to Azure Blob Storage with the key of the account.
 *
 * @see <a
 *     href="https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key">Shared
 *     Key</a>
 */
final class AzureSharedKey implements RequestSigner {
  /** Headers in the order of the text that is signed, after the length of the body. */
  private static final List<String> AFTER_LENGTH =
      List.of(
          "Content-MD5",
          "Content-Type",
          "Date",
          "If-Modified-Since",
          "If-Match",
          "If-None-Match",
          "If-Unmodified-Since",
          "Range");

  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private final String account;
  private final byte[] key;

  /**
   * Creates a signer.
   *
   * @param account name
   * @param key in Base64
   * @throws ConfigurationException if the key is not Base64
   */
  AzureSharedKey(String account, String key) {
    this.account = account;
    try {
      this.key = Base64.getDecoder().decode(key);
    } catch (IllegalArgumentException e) {
      // Without the cause, whose message holds a character of the key.
      throw new ConfigurationException(
          "storage account " + account + ": expected a key in Base64, found other text");
    }
  }

  @Override
  public HttpCall sign(HttpCall call) {
    return sign(call, Instant.now());
  }

  /** Signs a request as of a time. */
  HttpCall sign(HttpCall call, Instant now) {
    HttpCall dated = call.with("x-ms-date", DATE.format(now));
    String signature = Base64.getEncoder().encodeToString(GoogleHmac.hmac(key, text(dated)));
    return dated.with("Authorization", "SharedKey " + account + ":" + signature);
  }

  private String text(HttpCall call) {
    StringBuilder text = new StringBuilder(call.method()).append('\n');
    text.append(call.header("Content-Encoding")).append('\n');
    text.append(call.header("Content-Language")).append('\n');
    text.append(call.length() == 0 ? "" : Integer.toString(call.length())).append('\n');
    AFTER_LENGTH.forEach(name -> text.append(call.header(name)).append('\n'));
    call.headers()
        .forEach(
            (name, value) -> {
              if (name.toLowerCase(Locale.ROOT).startsWith("x-ms-")) {
                text.append(name.toLowerCase(Locale.ROOT))
                    .append(':')
                    .append(value.strip())
                    .append('\n');
              }
            });
    return text.append(resource(call.url())).toString();
  }

  private String resource(URI url) {
    StringBuilder resource = new StringBuilder("/").append(account).append(url.getRawPath());
    Map<String, String> parameters = new TreeMap<>();
    if (url.getRawQuery() != null) {
      for (String parameter : url.getRawQuery().split("&")) {
        int equals = parameter.indexOf('=');
        String name = equals < 0 ? parameter : parameter.substring(0, equals);
        String value = equals < 0 ? "" : parameter.substring(equals + 1);
        parameters.put(
            name.toLowerCase(Locale.ROOT), URLDecoder.decode(value, StandardCharsets.UTF_8));
      }
    }
    parameters.forEach(
        (name, value) -> resource.append('\n').append(name).append(':').append(value));
    return resource.toString();
  }
}
