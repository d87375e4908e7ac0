package dev.kiln.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The policies in {@code deploy/iam} grant what a run needs and no more. */
class IamPoliciesTest {
  private static final Path IAM = Path.of("../deploy/iam");

  /** Actions of the requests that the S3 store sends. */
  private static final Set<String> NEEDED =
      Set.of("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListBucket");

  static List<Path> policies() throws IOException {
    try (Stream<Path> files = Files.list(IAM)) {
      return files.filter(file -> !file.endsWith("job-role-trust.json")).sorted().toList();
    }
  }

  private static Set<String> texts(JsonNode oneOrMore) {
    Set<String> texts = new TreeSet<>();
    if (oneOrMore.isArray()) {
      oneOrMore.forEach(node -> texts.add(node.asString()));
    } else {
      texts.add(oneOrMore.asString());
    }
    return texts;
  }

  @ParameterizedTest
  @MethodSource("policies")
  void grantsNoMoreThanARunNeeds(Path file) throws IOException {
    JsonNode policy = JsonMapper.shared().readTree(Files.readString(file));
    assertThat(policy.path("Version").asString()).isEqualTo("2012-10-17");
    for (JsonNode statement : policy.path("Statement")) {
      assertThat(statement.path("Effect").asString()).isEqualTo("Allow");
      assertThat(NEEDED).containsAll(texts(statement.path("Action")));
      boolean lists = texts(statement.path("Action")).contains("s3:ListBucket");
      for (String resource : texts(statement.path("Resource"))) {
        // Objects of a named bucket, or the bucket itself for listing.
        assertThat(resource)
            .matches("arn:aws:s3:::[A-Za-z0-9-]+" + (lists ? "" : "/([a-z*]+/)*\\*"));
      }
    }
  }

  @Test
  void writesBelowItsPrefixOnly() throws IOException {
    JsonNode policy =
        JsonMapper.shared().readTree(Files.readString(IAM.resolve("write-output.json")));
    Set<String> granted = new TreeSet<>();
    for (JsonNode statement : policy.path("Statement")) {
      granted.addAll(texts(statement.path("Action")));
      if (texts(statement.path("Action")).contains("s3:PutObject")) {
        assertThat(texts(statement.path("Resource")))
            .containsExactly("arn:aws:s3:::MY-BUCKET/clay/*");
      }
      if (texts(statement.path("Action")).contains("s3:ListBucket")) {
        assertThat(texts(statement.path("Condition").path("StringLike").path("s3:prefix")))
            .containsExactly("clay/*", "models/*");
      }
    }
    assertThat(granted).isEqualTo(new TreeSet<>(NEEDED));
  }
}
