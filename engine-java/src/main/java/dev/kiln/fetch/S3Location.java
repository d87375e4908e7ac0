package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.util.regex.Pattern;

/**
 * A bucket, and the prefix in it that keys are relative to.
 *
 * @param bucket name
 * @param prefix empty, or ends with a slash
 */
record S3Location(String bucket, String prefix) {
  private static final String SCHEME = "s3://";
  private static final Pattern BUCKET = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{1,254}");

  /**
   * Parses a URI.
   *
   * @param uri {@code s3://BUCKET} or {@code s3://BUCKET/PREFIX}
   * @throws ConfigurationException if it is anything else
   */
  static S3Location parse(String uri) {
    String path = uri.substring(SCHEME.length());
    int slash = path.indexOf('/');
    String bucket = slash < 0 ? path : path.substring(0, slash);
    if (!BUCKET.matcher(bucket).matches()) {
      throw new ConfigurationException(
          Mismatch.of("S3 location", "s3://BUCKET[/PREFIX]", ObjectStores.redacted(uri)));
    }
    String prefix = slash < 0 ? "" : path.substring(slash + 1);
    return new S3Location(bucket, prefix.isEmpty() || prefix.endsWith("/") ? prefix : prefix + "/");
  }

  /** Returns whether a URI names a bucket. */
  static boolean isS3(String uri) {
    return uri.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
  }

  /** Returns the key in the bucket of a key below the prefix. */
  String key(String relative) {
    return prefix + relative;
  }

  /** Returns the full URI of a key below the prefix. */
  String uri(String relative) {
    return SCHEME + bucket + "/" + prefix + relative;
  }
}
