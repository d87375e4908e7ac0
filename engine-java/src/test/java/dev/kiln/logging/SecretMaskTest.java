package dev.kiln.logging;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signed URLs, which can be scene keys, lose their signature in the log. */
class SecretMaskTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://a.blob.core.windows.net/c/x.tif?sv=2022&se=2030-01-01&sig=SECRET%2Bx",
        "https://b.s3.amazonaws.com/x.tif?X-Amz-Signature=SECRET&X-Amz-Expires=60",
        "https://storage.googleapis.com/b/x.tif?Expires=1&X-Goog-Signature=SECRET",
        "https://example.org/x.tif?access_token=SECRET",
        "https://example.org/x.tif?a=1&api_key=SECRET"
      })
  void signaturesAreMasked(String url) {
    String line = SecretMask.of("scene %s failed (PERMANENT): denied; \"%s\"".formatted(url, url));
    assertThat(line).doesNotContain("SECRET").contains("=***", "failed (PERMANENT): denied");
  }

  @Test
  void otherQueriesStay() {
    String line = "catalogue=https://example.org/search?limit=100&token_count=3 sig=abc";
    assertThat(SecretMask.of(line)).isEqualTo(line);
  }
}
