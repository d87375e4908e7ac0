package dev.kiln.awsbatch;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;

/**
 * Rewrites whole numbers such as {@code "vcpus": 4.0} in responses to {@code 4}. Some services with
 * the AWS Batch API send them so, and the SDK cannot parse them as integers.
 */
final class IntegralNumbers implements ExecutionInterceptor {
  /** A key cannot end within a string, where its quote would be escaped. */
  private static final Pattern WHOLE = Pattern.compile("(\\w\"\\s*:\\s*-?\\d+)\\.0+(?=[\\s,}\\]])");

  @Override
  public Optional<InputStream> modifyHttpResponseContent(
      Context.ModifyHttpResponse context, ExecutionAttributes attributes) {
    return context.responseBody().map(IntegralNumbers::rewritten);
  }

  private static InputStream rewritten(InputStream body) {
    try (body) {
      byte[] bytes = body.readAllBytes();
      return new ByteArrayInputStream(
          rewritten(new String(bytes, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String rewritten(String json) {
    return WHOLE.matcher(json).replaceAll("$1");
  }
}
