package dev.kiln.awsbatch;

import java.util.Map;
import java.util.Optional;

/** Choice of the AWS region. */
final class AwsRegion {
  private AwsRegion() {}

  /**
   * Returns the region to set on a client: the given one, else {@code AWS_DEFAULT_REGION}, which
   * the AWS CLI reads and the SDK for Java does not. Empty leaves the choice to the SDK: {@code
   * AWS_REGION}, the profile, or the instance.
   */
  static Optional<String> of(Optional<String> given, Map<String, String> environment) {
    if (given.isPresent()
        || !environment.getOrDefault("AWS_REGION", "").isEmpty()
        || System.getProperty("aws.region") != null) {
      return given;
    }
    return Optional.ofNullable(environment.get("AWS_DEFAULT_REGION"))
        .filter(region -> !region.isEmpty());
  }
}
