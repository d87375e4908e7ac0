package dev.kiln.fetch;

import dev.kiln.fetch.S3Failure.Kind;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/** Tells what a failed request means, from what the service or the way to it said. */
final class S3ErrorMapper {
  private static final Set<String> SLOW =
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

  /**
   * @param bucket for messages
   * @param identity as whom it is asked
   * @param anonymous whether requests go unsigned after all
   */
  S3ErrorMapper(String bucket, Identity identity, boolean anonymous) {
    this.bucket = bucket;
    this.identity = identity;
    this.anonymous = anonymous;
  }

  S3Failure of(Throwable thrown) {
    Throwable cause = thrown;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof S3Failure failure) {
      return failure;
    }
    if (cause instanceof AwsServiceException answer) {
      return ofAnswer(answer);
    }
    for (Throwable e = cause; e != null; e = e.getCause()) {
      if (e instanceof S3Failure failure) {
        return failure;
      }
      if (e.getMessage() != null && e.getMessage().contains("Unable to load credentials")) {
        return new S3Failure(Kind.CONFIGURATION, noCredentials(), cause);
      }
    }
    if (cause instanceof IOException || cause instanceof SdkException) {
      return new S3Failure(Kind.PASSING, "connection failed: " + innermost(cause), cause);
    }
    // A defect, in Kiln or below: not to be tried again, nor to be taken for a fault of the object.
    throw cause instanceof RuntimeException defect ? defect : new IllegalStateException(cause);
  }

  private S3Failure ofAnswer(AwsServiceException answer) {
    String code = answer.awsErrorDetails() == null ? null : answer.awsErrorDetails().errorCode();
    code = code == null ? "" : code;
    int status = answer.statusCode();
    String said = "the service answered " + status + (code.isEmpty() ? "" : " " + code);
    if (status >= 500 || status == 429 || SLOW.contains(code)) {
      return new S3Failure(Kind.PASSING, said, answer);
    }
    if (EXPIRED.contains(code)) {
      return new S3Failure(
          Kind.EXPIRED,
          ofBucket("the credentials have expired (" + code + "): renew them"),
          answer);
    }
    if (BAD_CREDENTIALS.contains(code)) {
      return new S3Failure(
          Kind.CONFIGURATION,
          ofBucket(
              "the credentials are refused ("
                  + code
                  + "): check them"
                  + (identity.accessKey().isPresent()
                      ? " (ENDPOINT_KEY_ID, ENDPOINT_ACCESS_KEY)"
                      : " (AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)")),
          answer);
    }
    if (code.equals("RequestTimeTooSkewed")) {
      return new S3Failure(
          Kind.CONFIGURATION, ofBucket("this machine's clock is wrong (" + code + ")"), answer);
    }
    if (code.equals("NoSuchBucket") || code.equals("InvalidBucketName")) {
      return new S3Failure(
          Kind.CONFIGURATION, ofBucket("there is no such bucket: correct its name"), answer);
    }
    if (OTHER_REGION.contains(code) || status == 301) {
      return new S3Failure(
          Kind.CONFIGURATION,
          ofBucket("the bucket lies in another region (" + code + "): give --region"),
          answer);
    }
    return switch (status) {
      case 403, 401 -> new S3Failure(Kind.DENIED, said + denied(), answer);
      case 404 -> new S3Failure(Kind.MISSING, "no such object in s3://" + bucket, answer);
      case 412 -> new S3Failure(Kind.CHANGED, "the object changed while it was read", answer);
      case 416 -> new S3Failure(Kind.NO_SUCH_RANGE, "the object is empty (0 bytes)", answer);
      default -> new S3Failure(Kind.REFUSED, said + ": " + oneLine(answer.getMessage()), answer);
    };
  }

  private String denied() {
    if (anonymous) {
      return ": asked without credentials; give some (AWS_PROFILE or AWS_ACCESS_KEY_ID)";
    }
    return identity.requesterPays()
        ? ": the credentials lack s3:GetObject or s3:PutObject on it"
        : ": the credentials lack s3:GetObject or s3:PutObject on it, there is no such object and"
            + " they lack s3:ListBucket, or the requester pays: then give --requester-pays";
  }

  /** What to say where no credentials were found. */
  String noCredentials() {
    return ofBucket(
        "no AWS credentials found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and"
            + " AWS_SECRET_ACCESS_KEY, or give the machine a role");
  }

  private String ofBucket(String what) {
    return "s3://" + bucket + ": " + what;
  }

  private static String innermost(Throwable thrown) {
    Throwable e = thrown;
    while (e.getCause() != null) {
      e = e.getCause();
    }
    String message = e.getMessage();
    return oneLine(message == null ? e.getClass().getSimpleName() : message);
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }
}
