package dev.kiln.fetch;

import dev.kiln.http.HttpClient;
import dev.kiln.memory.ByteRange;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
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
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.AwsProfileRegionProvider;
import software.amazon.awssdk.regions.providers.AwsRegionProviderChain;
import software.amazon.awssdk.regions.providers.SystemSettingsRegionProvider;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3AsyncClientBuilder;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.RequestPayer;

/** The requests to one bucket: signed, limited, counted and retried. Owns the connections. */
final class S3Requests implements RangeRequests, AutoCloseable {
  /** Region of both public archives; for other buckets AWS redirects to theirs. */
  private static final Region FIRST_GUESS = Region.US_WEST_2;

  private final S3Location location;
  private final Identity identity;
  private volatile boolean servesRanges;
  private final S3Credentials credentials;
  private final Traffic traffic = new Traffic();
  private final S3ErrorMapper errors;
  private final Retries retries;
  private final SdkAsyncHttpClient http;
  private final S3Ranges ranges;
  private final S3AsyncClient client;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final ExecutorService starters = Executors.newCachedThreadPool(S3Requests::daemon);

  /**
   * Creates the client.
   *
   * @param location of the bucket and the prefix of keys of ranges
   * @param options how the bucket is reached
   */
  S3Requests(S3Location location, StoreOptions options) {
    this.location = location;
    String bucket = location.bucket();
    this.identity =
        options.endpoint().isPresent() ? options.identity() : options.identity().with(bucket);
    this.credentials = S3Credentials.find(bucket, identity);
    this.errors =
        new S3ErrorMapper(bucket, identity, credentials.isAnonymous(), options.endpoint());
    this.retries =
        new Retries(options.limits().retryPolicy(), traffic, errors::map, credentials::renew);
    HttpClient connections = WebAccess.client(options);
    this.http = new S3Transport(connections);
    this.ranges = new S3Ranges(connections, credentials, errors);
    this.client = client(options, credentials, http, ranges);
  }

  private static S3AsyncClient client(
      StoreOptions options,
      AwsCredentialsProvider credentials,
      SdkAsyncHttpClient http,
      ExecutionInterceptor interceptor) {
    S3AsyncClientBuilder builder =
        S3AsyncClient.builder()
            .httpClient(http)
            .credentialsProvider(credentials)
            .region(region(options))
            // Ranges have no checksum, and puts set theirs explicitly.
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .overrideConfiguration(
                all ->
                    all.retryStrategy(AwsRetryStrategy.doNotRetry())
                        .addExecutionInterceptor(interceptor))
            // Bodies are sent at once, as the bytes are in memory.
            .serviceConfiguration(s3 -> s3.expectContinueEnabled(false))
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
    Map<String, String> environment = options.cloud().environment();
    String other = environment.getOrDefault("AWS_DEFAULT_REGION", "");
    if (!other.isEmpty() && environment.getOrDefault("AWS_REGION", "").isEmpty()) {
      // The variable of AWS's command line, which the SDK does not read.
      return Region.of(other);
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

  @Override
  public Traffic traffic() {
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

  /** Starts a request on another thread, because the SDK clears the caller's interrupt. */
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
    return Requests.await(send(what, request));
  }

  @Override
  public boolean servesRanges() {
    return servesRanges;
  }

  @Override
  public String uri(String key) {
    return location.uri(key);
  }

  @Override
  public CompletableFuture<RangeSink> range(
      String key, ByteRange range, Optional<String> version, ByteBuffer target) {
    return send(
        what(key, range),
        s3 -> get(key, range, version, new RangeSink(range, version, target, traffic)));
  }

  @Override
  public CompletableFuture<RangeSink> part(String key, ObjectPart part) {
    return send(
        key + ": " + part,
        s3 -> part.attempt((range, sink) -> get(key, range, Optional.of(part.version()), sink)));
  }

  private String what(String key, ByteRange range) {
    return key + ": bytes " + range.offset() + " to " + range.end();
  }

  private CompletableFuture<RangeSink> get(
      String key, ByteRange range, Optional<String> version, RangeSink sink) {
    GetObjectRequest request =
        GetObjectRequest.builder()
            .bucket(location.bucket())
            .key(location.key(key))
            .range("bytes=" + range.offset() + "-" + (range.end() - 1))
            // A weak tag never matches; the response's own is compared instead.
            .ifMatch(version.filter(tag -> tag.startsWith("\"")).orElse(null))
            .requestPayer(payer())
            .build();
    CompletableFuture<RangeSink> sent =
        ranges.get(request, sink).orElseGet(() -> client.getObject(request, new S3RangeSink(sink)));
    sent.whenComplete(
        (done, thrown) -> {
          if (thrown == null) {
            servesRanges = true;
          }
        });
    return sent;
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
  }
}
