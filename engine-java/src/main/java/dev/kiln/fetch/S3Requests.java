package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.ByteRange;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.client.config.SdkAdvancedAsyncClientOption;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.crt.CRT;
import software.amazon.awssdk.crt.CrtRuntimeException;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.crt.AwsCrtAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.AwsProfileRegionProvider;
import software.amazon.awssdk.regions.providers.AwsRegionProviderChain;
import software.amazon.awssdk.regions.providers.SystemSettingsRegionProvider;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3AsyncClientBuilder;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.RequestPayer;

/** The requests to one bucket: signed, limited, counted and retried. Owns the connections. */
final class S3Requests implements AutoCloseable {
  /** Region of both public archives; for other buckets AWS redirects to theirs. */
  private static final Region FIRST_GUESS = Region.US_WEST_2;

  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);

  /** Connections for requests outside a fetch: items, lists, puts. */
  private static final int MORE_CONNECTIONS = 8;

  private final String bucket;
  private final Identity identity;
  private final S3Credentials credentials;
  private final Traffic traffic = new Traffic();
  private final S3ErrorMapper errors;
  private final Retries retries;
  private final SdkAsyncHttpClient http;
  private final S3AsyncClient client;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final ExecutorService starters = Executors.newCachedThreadPool(S3Requests::daemon);

  S3Requests(String bucket, StoreOptions options) {
    this.bucket = bucket;
    this.identity =
        options.endpoint().isPresent() ? options.identity() : options.identity().with(bucket);
    this.credentials = S3Credentials.find(bucket, identity);
    this.errors = new S3ErrorMapper(bucket, identity, credentials.isAnonymous());
    this.retries =
        new Retries(options.limits().retryPolicy(), traffic, errors::map, credentials::renew);
    this.http = http(options.limits());
    this.client = client(options, credentials, http);
    // The CRT shuts down in a hook of its own when the JVM is asked to exit; without this reference
    // requests would hang that a run makes to save its work.
    CRT.acquireShutdownRef();
  }

  private static SdkAsyncHttpClient http(RequestLimits limits) {
    Duration stall = limits.stallLimit();
    try {
      return AwsCrtAsyncHttpClient.builder()
          .maxConcurrency(limits.connections() + MORE_CONNECTIONS)
          .connectionTimeout(stall.compareTo(CONNECT_LIMIT) < 0 ? stall : CONNECT_LIMIT)
          .connectionAcquisitionTimeout(stall.multipliedBy(4))
          .connectionHealthConfiguration(
              health -> health.minimumThroughputInBps(1L).minimumThroughputTimeout(stall))
          .build();
    } catch (CrtRuntimeException e) {
      if ("AWS_IO_TLS_ERROR_DEFAULT_TRUST_STORE_NOT_FOUND".equals(e.errorName)) {
        throw new ConfigurationException(
            "S3: this machine has no certificate authorities: apt-get install ca-certificates, or"
                + " put the bundle's share/certificates.pem at /etc/ssl/certs/ca-certificates.crt",
            e);
      }
      throw e;
    }
  }

  private static S3AsyncClient client(
      StoreOptions options, AwsCredentialsProvider credentials, SdkAsyncHttpClient http) {
    S3AsyncClientBuilder builder =
        S3AsyncClient.builder()
            .httpClient(http)
            .credentialsProvider(credentials)
            .region(region(options))
            // Ranges have no checksum, and puts set theirs explicitly.
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .overrideConfiguration(all -> all.retryStrategy(AwsRetryStrategy.doNotRetry()))
            // Completion is a few instructions, not worth another thread.
            .asyncConfiguration(
                async ->
                    async.advancedOption(
                        SdkAdvancedAsyncClientOption.FUTURE_COMPLETION_EXECUTOR, Runnable::run));
    if (options.endpoint().isPresent()) {
      builder.endpointOverride(options.endpoint().get()).forcePathStyle(true);
    } else {
      builder.crossRegionAccessEnabled(true);
    }
    return builder.build();
  }

  private static Region region(StoreOptions options) {
    if (options.region().isPresent()) {
      return Region.of(options.region().get());
    }
    try {
      // Without the instance's own region: off EC2 its lookup takes seconds, and AWS redirects.
      return new AwsRegionProviderChain(
              new SystemSettingsRegionProvider(), new AwsProfileRegionProvider())
          .getRegion();
    } catch (SdkClientException none) {
      return FIRST_GUESS;
    }
  }

  /** Returns the counters of these requests. */
  Traffic traffic() {
    return traffic;
  }

  /** Returns whether requests are unsigned. */
  boolean isAnonymous() {
    return credentials.isAnonymous();
  }

  /** Makes a request with retries. */
  <T> CompletableFuture<T> send(
      String what, Function<S3AsyncClient, CompletableFuture<T>> request) {
    return retries.run(what, () -> start(request));
  }

  /** Starts a request on a thread of its own, because the SDK clears the caller's interrupt. */
  private <T> CompletableFuture<T> start(Function<S3AsyncClient, CompletableFuture<T>> request) {
    CompletableFuture<T> result = new CompletableFuture<>();
    starters.execute(
        () -> {
          if (result.isDone()) {
            return;
          }
          try {
            CompletableFuture<T> sent = request.apply(client);
            result.whenComplete(
                (value, thrown) -> {
                  if (result.isCancelled()) {
                    sent.cancel(true);
                  }
                });
            sent.whenComplete(
                (value, thrown) -> {
                  if (thrown == null) {
                    result.complete(value);
                  } else {
                    result.completeExceptionally(thrown);
                  }
                });
          } catch (RuntimeException e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "s3-start");
    thread.setDaemon(true);
    return thread;
  }

  /** Makes a request with retries and waits for its response. */
  <T> T request(String what, Function<S3AsyncClient, CompletableFuture<T>> request)
      throws RequestException, InterruptedException {
    return await(send(what, request));
  }

  /** Waits for a response; an interrupt cancels the request. */
  static <T> T await(CompletableFuture<T> answer) throws RequestException, InterruptedException {
    try {
      return answer.get();
    } catch (InterruptedException e) {
      answer.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RequestException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Starts to fetch a range of an object into memory. */
  CompletableFuture<RangeSink> range(
      String key, ByteRange range, Optional<String> version, ByteBuffer target) {
    return send(
        what(key, range),
        s3 ->
            s3.getObject(get(key, range, version), new RangeSink(range, version, target, traffic)));
  }

  /** Starts to fetch a part; a retry continues where the last attempt ended. */
  CompletableFuture<RangeSink> part(String key, ObjectPart part) {
    return send(
        key + ": " + part,
        s3 ->
            part.attempt(
                (range, sink) -> s3.getObject(get(key, range, Optional.of(part.version())), sink)));
  }

  private String what(String key, ByteRange range) {
    return key + ": bytes " + range.offset() + " to " + range.end();
  }

  private GetObjectRequest get(String key, ByteRange range, Optional<String> version) {
    return GetObjectRequest.builder()
        .bucket(bucket)
        .key(key)
        .range("bytes=" + range.offset() + "-" + (range.end() - 1))
        .ifMatch(version.orElse(null))
        .requestPayer(payer())
        .build();
  }

  /** Returns who pays for requests; null for the bucket's owner. */
  RequestPayer payer() {
    return identity.requesterPays() ? RequestPayer.REQUESTER : null;
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    starters.shutdown();
    client.close();
    http.close();
    credentials.close();
    CRT.releaseShutdownRef();
  }
}
