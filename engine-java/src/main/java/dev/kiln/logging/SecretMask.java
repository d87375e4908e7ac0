package dev.kiln.logging;

import java.util.regex.Pattern;

/** Masks signatures and tokens in the queries of URLs: scene keys can be signed URLs. */
final class SecretMask {
  private static final Pattern SECRET =
      Pattern.compile(
          "([?&](?:sig|signature|x-(?:amz|goog)-(?:signature|credential|security-token)"
              + "|awsaccesskeyid|googleaccessid|(?:access_|auth_)?token|(?:api|subscription)[_-]?key"
              + "|key)=)[^&\\s\"'<>\\\\]+",
          Pattern.CASE_INSENSITIVE);

  private SecretMask() {}

  /** Returns a line of the log without secrets. */
  static String of(String line) {
    return line.indexOf('?') < 0 ? line : SECRET.matcher(line).replaceAll("$1***");
  }
}
