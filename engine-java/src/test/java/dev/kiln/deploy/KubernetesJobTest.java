package dev.kiln.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.testing.RetryStrategyRules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The Kubernetes job handles exit codes as AWS Batch does, and runs without privileges. */
class KubernetesJobTest {
  private static JsonNode job;

  @BeforeAll
  static void read() throws IOException {
    job = new YAMLMapper().readTree(Files.readString(Path.of("../deploy/kubernetes/job.yaml")));
  }

  @Test
  void jobIsIndexed() {
    assertThat(job.path("apiVersion").asString()).isEqualTo("batch/v1");
    JsonNode spec = job.path("spec");
    assertThat(spec.path("completionMode").asString()).isEqualTo("Indexed");
    assertThat(spec.path("template").path("spec").path("restartPolicy").asString())
        .isEqualTo("Never");
    assertThat(spec.path("maxFailedIndexes").asInt())
        .isEqualTo(spec.path("completions").asInt())
        .isPositive();
    assertThat(spec.path("template").path("spec").path("terminationGracePeriodSeconds").asInt())
        .isGreaterThan(25);
  }

  @Test
  void exitCodesAreHandledAsByAwsBatch() throws IOException {
    RetryStrategyRules rules = RetryStrategyRules.read();
    assertThat(job.path("spec").path("backoffLimitPerIndex").asInt() + 1)
        .isEqualTo(rules.attempts());
    Set<Integer> last = new TreeSet<>();
    for (JsonNode rule : job.path("spec").path("podFailurePolicy").path("rules")) {
      assertThat(rule.path("action").asString()).isIn("Ignore", "FailJob", "FailIndex");
      rule.path("onExitCodes").path("values").forEach(code -> last.add(code.asInt()));
    }
    for (int code :
        new int[] {
          ExitCode.INTERNAL.code(),
          ExitCode.USAGE.code(),
          ExitCode.SCENES_FAILED.code(),
          ExitCode.CONFIGURATION.code(),
          ExitCode.TRY_AGAIN.code(),
          ExitCode.TERMINATED.code(),
          134,
          137,
          139
        }) {
      boolean exit = rules.decide(Integer.toString(code), "").equals("EXIT");
      assertThat(last.contains(code)).as("exit code " + code).isEqualTo(exit);
    }
  }

  @Test
  void containerIsNotRootAndHasAGpuAndScratch() {
    JsonNode pod = job.path("spec").path("template").path("spec");
    assertThat(pod.path("securityContext").path("runAsNonRoot").asBoolean()).isTrue();
    JsonNode container = pod.path("containers").path(0);
    assertThat(container.path("securityContext").path("allowPrivilegeEscalation").asBoolean(true))
        .isFalse();
    assertThat(container.path("resources").path("limits").path("nvidia.com/gpu").asString())
        .isEqualTo("1");
    assertThat(container.path("volumeMounts").path(0).path("name"))
        .isEqualTo(pod.path("volumes").path(0).path("name"));
    assertThat(container.path("env").path(0).path("value").asString())
        .startsWith(container.path("volumeMounts").path(0).path("mountPath").asString());
  }

  @Test
  void podsAreSchedulableOnGpuNodesAndCleanedUp() {
    JsonNode pod = job.path("spec").path("template").path("spec");
    assertThat(pod.path("nodeSelector").isEmpty()).isFalse();
    assertThat(pod.path("tolerations").path(0).path("key").asString()).isEqualTo("nvidia.com/gpu");
    assertThat(job.path("spec").path("ttlSecondsAfterFinished").asInt()).isPositive();
  }

  @Test
  void environmentHasNoServiceVariables() {
    JsonNode pod = job.path("spec").path("template").path("spec");
    assertThat(pod.path("enableServiceLinks").asBoolean(true)).isFalse();
  }

  @Test
  void rootFileSystemIsReadOnlyAndWritableDirectoriesAreMounted() {
    JsonNode pod = job.path("spec").path("template").path("spec");
    JsonNode container = pod.path("containers").path(0);
    assertThat(container.path("securityContext").path("readOnlyRootFilesystem").asBoolean())
        .isTrue();
    Set<String> mounted = new TreeSet<>();
    Set<String> volumes = new TreeSet<>();
    for (JsonNode mount : container.path("volumeMounts")) {
      mounted.add(mount.path("mountPath").asString());
      volumes.add(mount.path("name").asString());
    }
    assertThat(mounted).containsExactly("/scratch", "/tmp");
    for (JsonNode volume : pod.path("volumes")) {
      assertThat(volume.has("emptyDir")).isTrue();
      assertThat(volumes).contains(volume.path("name").asString());
    }
    for (JsonNode variable : container.path("env")) {
      assertThat(variable.path("value").asString()).startsWith("/scratch");
    }
  }
}
