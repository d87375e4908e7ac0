package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import java.util.Set;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/** Tells what a failed request to AWS Batch means. */
final class BatchErrorMapper {
  private static final Set<String> SLOW =
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

  private BatchErrorMapper() {}

  /**
   * What was said, where another try may help.
   *
   * @param right that the request needs
   * @param once whether a second request would do its work a second time
   * @throws ConfigurationException where another try would not help
   * @throws AmbiguousSubmitException where the request may have been served, and must not be twice
   */
  static String of(String right, boolean once, SdkException e) throws AmbiguousSubmitException {
    if (!(e instanceof AwsServiceException answer)) {
      if (String.valueOf(e.getMessage()).contains("Unable to load credentials")) {
        throw new ConfigurationException(
            "AWS Batch: no AWS credentials found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and"
                + " AWS_SECRET_ACCESS_KEY, or give the machine a role",
            e);
      }
      return passing(once, "AWS Batch cannot be reached: " + innermost(e), e);
    }
    String code = answer.awsErrorDetails() == null ? "" : answer.awsErrorDetails().errorCode();
    code = code == null ? "" : code;
    String message =
        answer.awsErrorDetails() == null
            ? oneLine(String.valueOf(answer.getMessage()))
            : oneLine(String.valueOf(answer.awsErrorDetails().errorMessage()));
    if (answer.statusCode() == 429 || SLOW.contains(code)) {
      // Turned away at the door: never a job, so always to be tried again.
      return "AWS Batch asks to slow down (" + code + ")";
    }
    if (BAD_CREDENTIALS.contains(code)) {
      throw new ConfigurationException(
          "AWS Batch: the credentials are refused ("
              + code
              + "): check them (AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)",
          e);
    }
    if (answer.statusCode() == 403 || code.startsWith("AccessDenied")) {
      throw new ConfigurationException(
          "AWS Batch: the credentials lack " + right + ": " + message, e);
    }
    if (answer.statusCode() >= 500) {
      return passing(once, "AWS Batch answered " + answer.statusCode() + " " + code, e);
    }
    throw new ConfigurationException("AWS Batch refuses the request (" + code + "): " + message, e);
  }

  private static String passing(boolean once, String said, SdkException e)
      throws AmbiguousSubmitException {
    if (once) {
      throw new AmbiguousSubmitException(said, e);
    }
    return said;
  }

  private static String innermost(Throwable thrown) {
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
