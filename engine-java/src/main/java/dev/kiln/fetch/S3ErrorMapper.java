package dev.kiln.fetch;

import dev.kiln.fetch.RequestException.Kind;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/** Maps failed requests to S3 to their meaning, by the response or the error of the connection. */
final class S3ErrorMapper {
  private static final Set<String> TRANSIENT =
      Set.of(
          "SlowDown",
          "Throttling",
          "ThrottlingException",
          "RequestLimitExceeded",
          "BandwidthLimitExceeded",
          "TooManyRequestsException",
          "InternalError",
          "ServiceUnavailable",
          "RequestTimeout",
          "OperationAborted");
  private static final Set<String> EXPIRED =
      Set.of("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired");
  private static final Set<String> BAD_CREDENTIALS =
      Set.of(
          "InvalidAccessKeyId",
          "SignatureDoesNotMatch",
          "InvalidToken",
          "InvalidSecurity",
          "AccountProblem",
          "NotSignedUp");
  private static final Set<String> OTHER_REGION =
      Set.of("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraint");

  private final String bucket;
  private final Identity identity;
  private final boolean anonymous;
  private final String endpoint;

  /**
   * Creates a mapper.
   *
   * @param bucket for messages
   * @param identity that requests use
   * @param anonymous whether requests are unsigned
   * @param endpoint of the service; empty for AWS
   */
  S3ErrorMapper(String bucket, Identity identity, boolean anonymous, Optional<URI> endpoint) {
    this.bucket = bucket;
    this.identity = identity;
    this.anonymous = anonymous;
    this.endpoint = endpoint.map(URI::getAuthority).orElse("AWS S3");
  }

  /**
   * Maps the failure of a request.
   *
   * @param thrown by the client
   * @throws RuntimeException {@code thrown} itself, if it is a bug
   */
  RequestException map(Throwable thrown) {
    Throwable cause = thrown;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof RequestException failure) {
      return failure;
    }
    if (cause instanceof AwsServiceException response) {
      AwsErrorDetails details = response.awsErrorDetails();
      return ofResponse(
          response.statusCode(),
          details == null || details.errorCode() == null ? "" : details.errorCode(),
          response.getMessage(),
          response);
    }
    Optional<String> untrusted = WebAccess.untrusted(cause);
    if (untrusted.isPresent()) {
      return new RequestException(Kind.CONFIGURATION, ofBucket(untrusted.get()), cause);
    }
    for (Throwable e = cause; e != null; e = e.getCause()) {
      if (e instanceof RequestException failure) {
        return failure;
      }
      if (e.getMessage() != null && e.getMessage().contains("Unable to load credentials")) {
        return new RequestException(Kind.CONFIGURATION, noCredentials(), cause);
      }
    }
    if (cause instanceof IOException || cause instanceof SdkException) {
      return new RequestException(
          Kind.TRANSIENT, HttpErrors.connection(ofClient(cause), endpoint), cause);
    }
    // A bug, in Kiln or a library: not retried, and not an error of the object.
    throw cause instanceof RuntimeException bug ? bug : new IllegalStateException(cause);
  }

  /** Returns what the SDK's exceptions are about: the error of the connection. */
  private static Throwable ofClient(Throwable thrown) {
    Throwable e = thrown;
    while (e instanceof SdkException && e.getCause() != null) {
      e = e.getCause();
    }
    return e;
  }

  /**
   * Maps a response that is no success.
   *
   * @param status code
   * @param code of S3; empty for none
   * @param message of S3
   * @param response exception of the SDK; null without
   */
  RequestException ofResponse(int status, String code, String message, Throwable response) {
    String found = "the service responded " + status + (code.isEmpty() ? "" : " " + code);
    // 307 while the name of a new bucket spreads: requests succeed after some minutes.
    if (status >= 500 || status == 429 || status == 307 || TRANSIENT.contains(code)) {
      return new RequestException(Kind.TRANSIENT, found, response);
    }
    if (EXPIRED.contains(code)) {
      return new RequestException(
          Kind.EXPIRED,
          ofBucket("the credentials have expired (" + code + "): renew them"),
          response);
    }
    if (BAD_CREDENTIALS.contains(code)) {
      return new RequestException(
          Kind.CONFIGURATION,
          ofBucket(
              "the credentials are refused ("
                  + code
                  + "): check them"
                  + (identity.accessKey().isPresent()
                      ? " (ENDPOINT_KEY_ID, ENDPOINT_ACCESS_KEY)"
                      : " (AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)")),
          response);
    }
    if (code.equals("RequestTimeTooSkewed")) {
      return new RequestException(
          Kind.CONFIGURATION, ofBucket("this machine's clock is wrong (" + code + ")"), response);
    }
    if (code.equals("NoSuchBucket") || code.equals("InvalidBucketName")) {
      return new RequestException(
          Kind.CONFIGURATION, ofBucket("no such bucket: correct its name"), response);
    }
    if (OTHER_REGION.contains(code) || status == 301) {
      return new RequestException(
          Kind.CONFIGURATION,
          ofBucket("the bucket is in another region (" + code + "): give --region"),
          response);
    }
    return switch (status) {
      case 403, 401 -> new RequestException(Kind.DENIED, found + denied(), response);
      case 404 -> new RequestException(Kind.MISSING, "no such object in s3://" + bucket, response);
      case 412 ->
          new RequestException(Kind.CHANGED, "the object changed while it was read", response);
      case 416 ->
          new RequestException(Kind.NO_SUCH_RANGE, "the object is empty (0 bytes)", response);
      default -> new RequestException(Kind.REFUSED, found + ": " + oneLine(message), response);
    };
  }

  private String denied() {
    if (anonymous) {
      return ": the request was unsigned; set AWS_PROFILE or AWS_ACCESS_KEY_ID";
    }
    return identity.requesterPays()
        ? ": the credentials lack s3:GetObject or s3:PutObject"
        : ": the credentials lack s3:GetObject or s3:PutObject, the object does not exist and they"
            + " lack s3:ListBucket, or the requester pays: then give --requester-pays";
  }

  /** Returns the message for missing credentials. */
  String noCredentials() {
    return ofBucket(
        "no AWS credentials found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and"
            + " AWS_SECRET_ACCESS_KEY, or give the machine a role");
  }

  private String ofBucket(String what) {
    return "s3://" + bucket + ": " + what;
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }
}
