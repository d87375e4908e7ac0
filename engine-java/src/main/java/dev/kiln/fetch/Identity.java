package dev.kiln.fetch;

import java.util.Optional;
import java.util.Set;

/**
 * The identity that requests to a bucket use.
 *
 * @param signing whether requests are signed
 * @param accessKey to sign with; empty for the AWS credentials chain: environment, profile, web
 *     identity, container, instance
 * @param requesterPays whether the requester agrees to pay for requests and transfer
 */
public record Identity(Signing signing, Optional<AccessKey> accessKey, boolean requesterPays) {
  /** Whether requests are signed. */
  public enum Signing {
    /** If credentials are found; otherwise the bucket is read anonymously. */
    IF_POSSIBLE,
    /** Always: missing credentials are a configuration error. */
    REQUIRED,
    /** Never. */
    ANONYMOUS
  }

  /** Buckets of AWS that are known to be requester-pays. */
  private static final Set<String> REQUESTER_PAYS =
      Set.of("naip-analytic", "naip-source", "naip-visualization", "usgs-landsat");

  /** Returns this identity for a bucket of AWS, paying if the bucket is known to require it. */
  Identity with(String bucket) {
    return new Identity(signing, accessKey, requesterPays || REQUESTER_PAYS.contains(bucket));
  }

  /** {@return the identity of the environment, or the anonymous one if there is none} */
  public static Identity standard() {
    return new Identity(Signing.IF_POSSIBLE, Optional.empty(), false);
  }
}
