package dev.kiln.fetch;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * How a remote object store is reached. A directory needs none of these.
 *
 * @param endpoint of an S3-compatible service, with the bucket in the path; empty for AWS
 * @param region of the bucket; empty for the environment's or profile's, from where AWS redirects
 *     to the bucket's own
 * @param identity of requests to buckets
 * @param limits of the requests
 * @param certificates PEM file of authorities that web servers may have besides the usual ones
 * @param sendsCredentials whether the store is the one that the user named; credentials are sent to
 *     no other web server or storage account
 * @param cloud how Google Cloud Storage and Azure Blob Storage are reached
 * @param redirectHosts names in lower case of web servers to which others may redirect; empty for
 *     any outside the machine's own network
 */
public record StoreOptions(
    Optional<URI> endpoint,
    Optional<String> region,
    Identity identity,
    RequestLimits limits,
    Optional<Path> certificates,
    boolean sendsCredentials,
    CloudOptions cloud,
    Optional<Set<String>> redirectHosts) {

  /**
   * Creates options for S3.
   *
   * @param endpoint of an S3-compatible service; empty for AWS
   * @param region of the bucket; empty for the environment's or profile's
   * @param identity of requests
   * @param limits of the requests
   */
  public StoreOptions(
      Optional<URI> endpoint, Optional<String> region, Identity identity, RequestLimits limits) {
    this(
        endpoint,
        region,
        identity,
        limits,
        Optional.empty(),
        true,
        CloudOptions.standard(),
        Optional.empty());
  }

  /** {@return the options for AWS with the environment's identity and the default limits} */
  public static StoreOptions standard() {
    return new StoreOptions(
        Optional.empty(), Optional.empty(), Identity.standard(), RequestLimits.standard());
  }

  /**
   * {@return these options with certificate authorities for HTTP services}
   *
   * @param file in PEM
   */
  public StoreOptions withCertificates(Optional<Path> file) {
    return new StoreOptions(
        endpoint, region, identity, limits, file, sendsCredentials, cloud, redirectHosts);
  }

  /**
   * {@return these options with others for Google Cloud Storage and Azure Blob Storage}
   *
   * @param other how they are reached
   */
  public StoreOptions withCloud(CloudOptions other) {
    return new StoreOptions(
        endpoint, region, identity, limits, certificates, sendsCredentials, other, redirectHosts);
  }

  /** Returns these options for a store that is not the source itself. */
  StoreOptions withoutSourceCredentials() {
    return new StoreOptions(
        endpoint, region, identity, limits, certificates, false, cloud, redirectHosts);
  }

  /**
   * {@return these options with redirects to these web servers only, and within one}
   *
   * @param hosts names in lower case
   */
  StoreOptions withRedirectsTo(Set<String> hosts) {
    return new StoreOptions(
        endpoint,
        region,
        identity,
        limits,
        certificates,
        sendsCredentials,
        cloud,
        Optional.of(Set.copyOf(hosts)));
  }
}
