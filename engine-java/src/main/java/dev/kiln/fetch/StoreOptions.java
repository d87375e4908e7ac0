package dev.kiln.fetch;

import java.net.URI;
import java.util.Optional;

/**
 * How an object store is reached. A folder needs none of it.
 *
 * @param endpoint of an S3-compatible service, asked with the bucket in the path; empty for AWS
 * @param region of the bucket; empty for the environment's or profile's, from where AWS itself
 *     leads to the bucket's own
 * @param identity as whom
 * @param limits of its requests
 */
public record StoreOptions(
    Optional<URI> endpoint, Optional<String> region, Identity identity, RequestLimits limits) {

  /** AWS, as whoever the environment says, with the usual limits. */
  public static StoreOptions standard() {
    return new StoreOptions(
        Optional.empty(), Optional.empty(), Identity.standard(), RequestLimits.standard());
  }
}
