package dev.kiln.fetch;

import java.util.Optional;
import java.util.Set;

/**
 * As whom a bucket is used.
 *
 * @param signing whether requests are signed
 * @param accessKey to sign with; empty for what the AWS credentials chain finds: environment,
 *     profile, web identity, container, instance
 * @param requesterPays whether whoever asks agrees to pay for requests and transfer
 */
public record Identity(Signing signing, Optional<AccessKey> accessKey, boolean requesterPays) {
  /** Whether requests carry a signature. */
  public enum Signing {
    /** Where credentials are found; else the bucket is read as anyone may. */
    IF_POSSIBLE,
    /** Always: that there are no credentials is a configuration fault. */
    REQUIRED,
    /** Never. */
    ANONYMOUS
  }

  /** Buckets of AWS whose owners are known to let the requester pay. */
  private static final Set<String> REQUESTER_PAYS =
      Set.of("naip-analytic", "naip-source", "naip-visualization", "usgs-landsat");

  /** The same, with the agreement to pay that a bucket of AWS is known to ask for. */
  Identity with(String bucket) {
    return new Identity(signing, accessKey, requesterPays || REQUESTER_PAYS.contains(bucket));
  }

  /** Whoever the environment says, else anyone. */
  public static Identity standard() {
    return new Identity(Signing.IF_POSSIBLE, Optional.empty(), false);
  }
}
