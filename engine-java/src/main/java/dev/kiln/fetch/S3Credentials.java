package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/**
 * Source of the credentials of a bucket's requests. The AWS chain renews its own credentials before
 * they expire; others are looked up again by {@link #renew}.
 */
final class S3Credentials implements AwsCredentialsProvider, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);

  private static final String PROFILE = "AWS_PROFILE";

  /** If one of these is set, a service of the machine provides credentials. */
  private static final List<String> EXPECTED =
      List.of(
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI",
          "AWS_WEB_IDENTITY_TOKEN_FILE");

  private final Supplier<AwsCredentialsProvider> lookUp;
  private final boolean anonymous;
  private volatile AwsCredentialsProvider current;

  private S3Credentials(Supplier<AwsCredentialsProvider> lookUp, boolean anonymous) {
    this.lookUp = lookUp;
    this.anonymous = anonymous;
    this.current = lookUp.get();
  }

  /**
   * Finds the credentials of an identity.
   *
   * @param bucket for messages
   * @throws ConfigurationException if they are required and none are found
   * @throws UncheckedIOException if the machine's credentials service fails, which is transient
   */
  static S3Credentials find(String bucket, Identity identity) {
    if (identity.signing() == Identity.Signing.ANONYMOUS) {
      return anonymous();
    }
    if (identity.accessKey().isPresent()) {
      AccessKey key = identity.accessKey().get();
      return new S3Credentials(
          () ->
              StaticCredentialsProvider.create(AwsBasicCredentials.create(key.id(), key.secret())),
          false);
    }
    S3Credentials chain = new S3Credentials(S3Credentials::chain, false);
    try {
      chain.resolveCredentials();
      return chain;
    } catch (SdkClientException e) {
      chain.close();
      return without(bucket, identity, e);
    }
  }

  /** Returns anonymous credentials, or throws if the identity requires others. */
  private static S3Credentials without(String bucket, Identity identity, SdkClientException e) {
    Optional<String> variable = EXPECTED.stream().filter(S3Credentials::isSet).findFirst();
    if (variable.isPresent()) {
      // Not anonymous: the machine has a role, and its requests must be signed.
      log.warn("AWS credentials: bucket={} reason=\"{}\"", bucket, e.getMessage());
      throw new UncheckedIOException(
          new UnavailableException(
              "s3://" + bucket, variable.get() + " is set but provides no credentials now", e));
    }
    String missing = new S3ErrorMapper(bucket, identity, true, Optional.empty()).noCredentials();
    if (identity.signing() == Identity.Signing.REQUIRED || isSet(PROFILE)) {
      log.warn("AWS credentials: bucket={} reason=\"{}\"", bucket, e.getMessage());
      throw new ConfigurationException(missing, e);
    }
    if (identity.requesterPays()) {
      throw new ConfigurationException(
          missing + " (the requester pays, so requests must be signed)", e);
    }
    log.info("no AWS credentials found, requests are unsigned: bucket=s3://{}", bucket);
    return anonymous();
  }

  private static boolean isSet(String variable) {
    return !System.getenv().getOrDefault(variable, "").isEmpty();
  }

  private static S3Credentials anonymous() {
    return new S3Credentials(AnonymousCredentialsProvider::create, true);
  }

  private static AwsCredentialsProvider chain() {
    return DefaultCredentialsProvider.builder().build();
  }

  /** Returns whether requests are unsigned. */
  boolean isAnonymous() {
    return anonymous;
  }

  @Override
  public AwsCredentials resolveCredentials() {
    return current.resolveCredentials();
  }

  /** Looks the credentials up again: a profile file or role may have changed. */
  synchronized void renew() {
    AwsCredentialsProvider old = current;
    current = lookUp.get();
    close(old);
  }

  @Override
  public synchronized void close() {
    close(current);
  }

  private static void close(AwsCredentialsProvider provider) {
    if (provider instanceof SdkAutoCloseable closeable) {
      closeable.close();
    }
  }
}
