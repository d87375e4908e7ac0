package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A bucket of Google Cloud Storage or a container of Azure Blob Storage, and the prefix in it that
 * keys are relative to.
 *
 * @param scheme {@code gs} or {@code az}
 * @param container name of the bucket or container
 * @param account storage account of a container, where the URI names it
 * @param prefix empty, or ends with a slash
 */
record CloudLocation(String scheme, String container, Optional<String> account, String prefix) {
  private static final Pattern URI =
      Pattern.compile("(?i)(gs|az|abfss?)://([^/@]+)(?:@([^/@]+))?(?:/(.*))?", Pattern.DOTALL);
  private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]");
  private static final Pattern CONTAINER =
      Pattern.compile("\\$(root|web|logs)|[a-z0-9](-?[a-z0-9]){2,62}");
  private static final Pattern ACCOUNT = Pattern.compile("[a-z0-9]{3,24}");
  private static final String UNRESERVED = "-._~/";

  /** Returns whether a URI names a bucket of Google Cloud Storage. */
  static boolean isGoogle(String uri) {
    return uri.regionMatches(true, 0, "gs://", 0, 5);
  }

  /** Returns whether a URI names a container of Azure Blob Storage. */
  static boolean isAzure(String uri) {
    return uri.regionMatches(true, 0, "az://", 0, 5)
        || uri.regionMatches(true, 0, "abfs://", 0, 7)
        || uri.regionMatches(true, 0, "abfss://", 0, 8);
  }

  /** Returns whether a URI names either. */
  static boolean isCloud(String uri) {
    return isGoogle(uri) || isAzure(uri);
  }

  /**
   * Parses a URI.
   *
   * @param uri {@code gs://BUCKET[/PREFIX]}, {@code az://CONTAINER[@ACCOUNT][/PREFIX]} or {@code
   *     abfss://CONTAINER@ACCOUNT.dfs.core.windows.net[/PREFIX]}
   * @throws ConfigurationException if it is anything else
   */
  static CloudLocation parse(String uri) {
    Matcher matcher = URI.matcher(uri);
    if (matcher.matches()) {
      boolean google = isGoogle(uri);
      String container = matcher.group(2);
      // The host of Data Lake Storage, or of blobs, begins with the account.
      Optional<String> account =
          Optional.ofNullable(matcher.group(3))
              .map(host -> host.toLowerCase(Locale.ROOT).replaceFirst("\\.(dfs|blob)\\..*", ""));
      String prefix = matcher.group(4) == null ? "" : matcher.group(4);
      boolean valid =
          google
              ? BUCKET.matcher(container).matches() && account.isEmpty()
              : CONTAINER.matcher(container).matches()
                  && account.map(name -> ACCOUNT.matcher(name).matches()).orElse(true);
      if (valid) {
        return new CloudLocation(
            google ? "gs" : "az",
            container,
            account,
            prefix.isEmpty() || prefix.endsWith("/") ? prefix : prefix + "/");
      }
    }
    throw new ConfigurationException(
        isGoogle(uri)
            ? Mismatch.of("Google Cloud Storage location", "gs://BUCKET[/PREFIX]", uri)
            : Mismatch.of("Azure location", "az://CONTAINER[@ACCOUNT][/PREFIX]", uri));
  }

  /** Returns the name of the bucket or container: {@code az://container@account}. */
  String root() {
    return scheme + "://" + container + account.map(name -> "@" + name).orElse("");
  }

  /** Returns the full URI of a key below the prefix. */
  String uri(String key) {
    return root() + "/" + prefix + key;
  }

  /** Encodes a key as a URL path: every byte but unreserved characters and slashes. */
  static String encode(String key) {
    StringBuilder encoded = new StringBuilder();
    for (byte b : key.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xFF);
      if (c < 0x80 && (Character.isLetterOrDigit(c) || UNRESERVED.indexOf(c) >= 0)) {
        encoded.append(c);
      } else {
        encoded.append(String.format(Locale.ROOT, "%%%02X", (int) c));
      }
    }
    return encoded.toString();
  }

  /** Encodes a value of a query: a slash is encoded, too. */
  static String encodeQuery(String value) {
    return encode(value).replace("/", "%2F");
  }
}
