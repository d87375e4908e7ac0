package dev.kiln.fetch;

import java.net.URI;
import java.util.Optional;

/**
 * How a remote object store is reached. A directory needs none of these.
 *
 * @param endpoint of an S3-compatible service, with the bucket in the path; empty for AWS
 * @param region of the bucket; empty for the environment's or profile's, from where AWS redirects
 *     to the bucket's own
 * @param identity of the requests
 * @param limits of the requests
 */
public record StoreOptions(
    Optional<URI> endpoint, Optional<String> region, Identity identity, RequestLimits limits) {

  /** Returns the options for AWS with the environment's identity and the default limits. */
  public static StoreOptions standard() {
    return new StoreOptions(
        Optional.empty(), Optional.empty(), Identity.standard(), RequestLimits.standard());
  }
}
