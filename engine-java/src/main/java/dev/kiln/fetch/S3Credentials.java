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
 * Where the credentials of a bucket's requests come from. The chain renews its own before they run
 * out; those it could not know to be void are looked up anew by {@link #renew}.
 */
final class S3Credentials implements AwsCredentialsProvider, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);

  private static final String PROFILE = "AWS_PROFILE";

  /** Where one of these is set, a service of the machine gives credentials. */
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
   * Finds credentials as the identity asks.
   *
   * @param bucket for messages
   * @throws ConfigurationException if there must be some and none are found
   * @throws UncheckedIOException if the machine's own service gives none now, which may pass
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

  /** What to do where the chain gives nothing. */
  private static S3Credentials without(String bucket, Identity identity, SdkClientException e) {
    Optional<String> variable = EXPECTED.stream().filter(S3Credentials::isSet).findFirst();
    if (variable.isPresent()) {
      // Not read as anyone may: the machine has a role, and its requests are to be signed.
      log.warn("credentials: {}", e.getMessage());
      throw new UncheckedIOException(
          new UnavailableException(
              "s3://%s: %s is set, but gives no credentials now".formatted(bucket, variable.get()),
              e));
    }
    String missing = new S3ErrorMapper(bucket, identity, true).noCredentials();
    if (identity.signing() == Identity.Signing.REQUIRED || isSet(PROFILE)) {
      log.warn("credentials: {}", e.getMessage());
      throw new ConfigurationException(missing, e);
    }
    if (identity.requesterPays()) {
      throw new ConfigurationException(missing + " (the requester pays, so it must be known)", e);
    }
    log.info("s3://{}: no AWS credentials found, so it is read as anyone may", bucket);
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

  /** Whether requests go unsigned. */
  boolean isAnonymous() {
    return anonymous;
  }

  @Override
  public AwsCredentials resolveCredentials() {
    return current.resolveCredentials();
  }

  /** Forgets what was found and looks again: a profile file or role may have changed. */
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
