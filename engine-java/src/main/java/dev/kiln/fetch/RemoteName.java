package dev.kiln.fetch;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The whole URI of an object in a bucket or container.
 *
 * @param root {@code s3://BUCKET}, {@code gs://BUCKET} or {@code az://CONTAINER[@ACCOUNT]}
 * @param key in it; may be empty
 */
record RemoteName(String root, String key) {
  private static final Pattern BUCKET =
      Pattern.compile("(?i)(s3|gs|az|abfss?)://([^/]*)/?(.*)", Pattern.DOTALL);

  /** Returns whether a URI names a bucket or container, or an object in it. */
  static boolean isBucket(String uri) {
    return S3Location.isS3(uri) || CloudLocation.isCloud(uri);
  }

  /**
   * Parses a URI.
   *
   * @return empty if it names no bucket or container
   */
  static Optional<RemoteName> of(String uri) {
    Matcher matcher = BUCKET.matcher(uri);
    return matcher.matches()
        ? Optional.of(
            new RemoteName(
                matcher.group(1).toLowerCase(Locale.ROOT) + "://" + matcher.group(2),
                matcher.group(3)))
        : Optional.empty();
  }
}
