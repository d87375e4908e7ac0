package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import java.util.Set;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/** Maps a failed request to AWS Batch to an error, or to the reason for a retry. */
final class AwsBatchErrorMapper {
  private static final Set<String> THROTTLED =
      Set.of(
          "TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded");
  private static final Set<String> BAD_CREDENTIALS =
      Set.of(
          "UnrecognizedClientException",
          "InvalidSignatureException",
          "IncompleteSignatureException",
          "InvalidClientTokenId",
          "ExpiredTokenException",
          "MissingAuthenticationTokenException");

  private AwsBatchErrorMapper() {}

  /**
   * Returns why a request failed, if a retry can help.
   *
   * @param permission IAM action that the request needs
   * @param notIdempotent whether a second request would do its work a second time
   * @param endpoint host and port of the service, for messages
   * @throws ConfigurationException if a retry cannot help
   * @throws AmbiguousSubmitException if the request may have been served and must not be repeated
   */
  static String retryReason(
      String permission, boolean notIdempotent, String endpoint, SdkException e)
      throws AmbiguousSubmitException {
    if (!(e instanceof AwsServiceException response)) {
      if (String.valueOf(e.getMessage()).contains("Unable to load credentials")) {
        throw new ConfigurationException(
            "AWS Batch: no AWS credentials found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and"
                + " AWS_SECRET_ACCESS_KEY, or give the machine a role",
            e);
      }
      if (isUnreadable(e)) {
        String reason = "AWS Batch sent a response that cannot be parsed: " + rootCause(e);
        if (notIdempotent) {
          throw new AmbiguousSubmitException(reason, e);
        }
        throw new ConfigurationException(reason + "; check --aws-batch-endpoint", e);
      }
      String cause = rootCause(e);
      return ambiguousOr(
          notIdempotent,
          "cannot reach AWS Batch: "
              + (cause.contains("refused") ? "connection refused by " + endpoint : cause),
          e);
    }
    String code = response.awsErrorDetails() == null ? "" : response.awsErrorDetails().errorCode();
    code = code == null ? "" : code;
    String message =
        response.awsErrorDetails() == null
            ? oneLine(String.valueOf(response.getMessage()))
            : oneLine(String.valueOf(response.awsErrorDetails().errorMessage()));
    if (response.statusCode() == 429 || THROTTLED.contains(code)) {
      // Rejected before any job was created, so a retry is always safe.
      return "AWS Batch throttled the request (" + code + ")";
    }
    if (BAD_CREDENTIALS.contains(code)) {
      throw new ConfigurationException(
          "AWS Batch: invalid credentials ("
              + code
              + "): check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
          e);
    }
    if (response.statusCode() == 403 || code.startsWith("AccessDenied")) {
      throw new ConfigurationException("AWS Batch: grant " + permission + ": " + message, e);
    }
    if (response.statusCode() >= 500) {
      return ambiguousOr(
          notIdempotent, "AWS Batch returned " + response.statusCode() + " " + code, e);
    }
    throw new ConfigurationException(
        "AWS Batch rejected the request (" + code + "): " + message, e);
  }

  /** Distinguishes a malformed response from a failed connection. */
  private static boolean isUnreadable(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      String name = cause.getClass().getName();
      if (name.contains(".jackson.")
          || cause instanceof NumberFormatException
          || String.valueOf(cause.getMessage()).startsWith("Unable to unmarshall")) {
        return true;
      }
    }
    return false;
  }

  private static String ambiguousOr(boolean notIdempotent, String reason, SdkException e)
      throws AmbiguousSubmitException {
    if (notIdempotent) {
      throw new AmbiguousSubmitException(reason, e);
    }
    return reason;
  }

  private static String rootCause(Throwable thrown) {
    Throwable e = thrown;
    while (e.getCause() != null) {
      e = e.getCause();
    }
    return oneLine(e.getMessage() == null ? e.toString() : e.getMessage());
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }
}
