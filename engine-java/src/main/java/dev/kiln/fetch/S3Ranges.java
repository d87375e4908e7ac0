package dev.kiln.fetch;

import dev.kiln.fetch.RequestException.Kind;
import dev.kiln.http.HttpClient;
import dev.kiln.http.HttpRequest;
import dev.kiln.http.HttpResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.interceptor.SdkExecutionAttribute;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;

/**
 * Requests ranges of the objects of one bucket without the SDK, whose layers between socket and
 * receiver cost more CPU time than the bytes. The SDK sends the first request, and finds service,
 * region and the way of signing by that; others repeat its URL, and are signed by its signer. After
 * a response that another request would not get, the SDK sends the next one again.
 */
final class S3Ranges implements ExecutionInterceptor {
  private final HttpClient http;
  private final AwsCredentialsProvider credentials;
  private final S3ErrorMapper errors;
  private volatile Optional<Route> route = Optional.empty();

  /**
   * Creates requests that the SDK sends first. They must be added to the interceptors of its
   * client.
   *
   * @param http sends requests; borrowed
   * @param credentials of signed requests; borrowed
   * @param errors maps responses that are no success
   */
  S3Ranges(HttpClient http, AwsCredentialsProvider credentials, S3ErrorMapper errors) {
    this.http = http;
    this.credentials = credentials;
    this.errors = errors;
  }

  @Override
  public void afterExecution(Context.AfterExecution context, ExecutionAttributes attributes) {
    if (context.request() instanceof GetObjectRequest request) {
      route =
          Route.of(
              context.httpRequest(),
              request.key(),
              attributes.getOptionalAttribute(SdkExecutionAttribute.TIME_OFFSET).orElse(0));
    }
  }

  /**
   * Starts a request for a range. May wait for credentials.
   *
   * @param request with a range
   * @param sink receives the body
   * @return empty if the SDK must send the request
   */
  Optional<CompletableFuture<RangeSink>> get(GetObjectRequest request, RangeSink sink) {
    return route.map(known -> send(known.request(request, credentials), sink));
  }

  private CompletableFuture<RangeSink> send(HttpRequest request, RangeSink sink) {
    CompletableFuture<RangeSink> result = sink.result();
    CompletableFuture<Void> body = new CompletableFuture<>();
    Response response = new Response(sink, () -> body.cancel(true));
    CompletableFuture<Void> sent = http.send(request, response);
    body.whenComplete((done, thrown) -> sent.cancel(true));
    result.whenComplete(
        (done, thrown) -> {
          if (result.isCancelled()) {
            sent.cancel(true);
          }
        });
    sent.whenComplete(
        (done, thrown) -> {
          if (thrown != null) {
            sink.fail(thrown);
          } else if (response.failed) {
            sink.fail(meaning(response.failure()));
          } else {
            sink.complete();
          }
        });
    return result;
  }

  private RequestException meaning(HttpService.Failure failure) {
    RequestException meaning =
        errors.ofResponse(failure.status(), failure.code(), failure.message(), null);
    if (failure.status() == 307
        || meaning.kind() == Kind.EXPIRED
        || meaning.kind() == Kind.CONFIGURATION) {
      route = Optional.empty();
    }
    return meaning;
  }

  /**
   * How objects are requested.
   *
   * @param base URL of the bucket, without a slash at its end
   * @param scope of signatures; empty for requests without
   */
  private record Route(String base, Optional<Scope> scope) {
    /** Returns how a request was sent; empty if others cannot be sent in the same way. */
    static Optional<Route> of(SdkHttpRequest sent, String key, int secondsBehind) {
      URI url = sent.getUri();
      String path = "/" + CloudLocation.encode(key);
      Optional<String> authorization = sent.firstMatchingHeader("Authorization");
      Optional<Scope> scope = authorization.flatMap(value -> Scope.parse(value, secondsBehind));
      return url.toString().endsWith(path) && scope.isPresent() == authorization.isPresent()
          ? Optional.of(
              new Route(
                  url.toString().substring(0, url.toString().length() - path.length()), scope))
          : Optional.empty();
    }

    HttpRequest request(GetObjectRequest request, AwsCredentialsProvider credentials) {
      SdkHttpRequest.Builder builder =
          SdkHttpRequest.builder()
              .method(SdkHttpMethod.GET)
              .uri(URI.create(base + "/" + CloudLocation.encode(request.key())))
              .putHeader("Range", request.range());
      if (request.ifMatch() != null) {
        builder.putHeader("If-Match", request.ifMatch());
      }
      if (request.requestPayer() != null) {
        builder.putHeader("x-amz-request-payer", request.requestPayerAsString());
      }
      SdkHttpRequest plain = builder.build();
      SdkHttpRequest signed = scope.map(of -> of.sign(plain, credentials)).orElse(plain);
      return new HttpRequest("GET", signed.getUri(), signed.headers(), List.of());
    }
  }

  /**
   * What signatures are for.
   *
   * @param region of the bucket
   * @param service such as {@code s3}
   * @param clock of the service
   */
  private record Scope(String region, String service, Clock clock) {
    private static final Pattern AUTHORIZATION =
        Pattern.compile("AWS4-HMAC-SHA256 Credential=.*?/\\d{8}/([^/,]+)/([^/,]+)/aws4_request,.*");

    /** Signs requests to directory buckets, for which the SDK makes sessions. */
    private static final String SESSIONS = "s3express";

    private static final AwsV4HttpSigner SIGNER = AwsV4HttpSigner.create();

    static Optional<Scope> parse(String authorization, int secondsBehind) {
      Matcher matcher = AUTHORIZATION.matcher(authorization);
      return matcher.matches() && !matcher.group(2).equals(SESSIONS)
          ? Optional.of(
              new Scope(
                  matcher.group(1),
                  matcher.group(2),
                  Clock.offset(Clock.systemUTC(), Duration.ofSeconds(-secondsBehind))))
          : Optional.empty();
    }

    SdkHttpRequest sign(SdkHttpRequest request, AwsCredentialsProvider credentials) {
      return SIGNER
          .sign(
              signing ->
                  signing
                      .identity(credentials.resolveCredentials())
                      .request(request)
                      .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                      .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, service)
                      .putProperty(AwsV4HttpSigner.DOUBLE_URL_ENCODE, false)
                      .putProperty(AwsV4HttpSigner.NORMALIZE_PATH, false)
                      .putProperty(AwsV4HttpSigner.PAYLOAD_SIGNING_ENABLED, false)
                      .putProperty(HttpSigner.SIGNING_CLOCK, clock))
          .request();
    }
  }

  /** A range, or an error whose beginning is kept. */
  private static final class Response implements HttpResponse {
    private final RangeSink sink;
    private final Runnable canceller;
    private final HttpSender.Bytes error = new HttpSender.Bytes(HttpSender.MAX_ERROR_BYTES);
    private int status;
    private HttpHeaders headers;
    private boolean failed;

    Response(RangeSink sink, Runnable canceller) {
      this.sink = sink;
      this.canceller = canceller;
    }

    HttpService.Failure failure() {
      return new HttpService.Failure(
          "GET", status, headers, new String(error.end(), StandardCharsets.UTF_8));
    }

    @Override
    public void begin(int newStatus, HttpHeaders newHeaders) {
      status = newStatus;
      headers = newHeaders;
      failed = status / 100 != 2;
      if (!failed) {
        sink.begin(
            headers.firstValue("ETag").orElse(null),
            headers.firstValue("Content-Range").orElse(null));
        sink.connect(canceller);
      }
    }

    @Override
    public void accept(ByteBuffer bytes) {
      if (failed) {
        error.accept(bytes);
      } else {
        sink.accept(bytes);
      }
    }

    @Override
    public int receive(ReadableByteChannel source, int limit) throws IOException {
      return failed ? NO_MEMORY : sink.receive(source, limit);
    }
  }
}
