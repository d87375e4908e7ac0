package dev.kiln.awsbatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The files for AWS Batch's own command line say what {@code kiln submit} says. */
class JobFilesTest {
  private static final Path FILES = Path.of("../deploy/aws-batch");

  private static JsonNode read(String name) throws Exception {
    return JsonMapper.shared().readTree(Files.readString(FILES.resolve(name)));
  }

  @Test
  void definitionIsTheOneThatSubmitRegisters() throws Exception {
    PriceTable.Instance machine = PriceTable.builtIn().instance("g6e.xlarge");
    JobNeeds needs =
        new JobNeeds(
            "123456789012.dkr.ecr.us-west-2.amazonaws.com/kiln:0.1.0",
            machine.vcpus(),
            (int) (machine.memory() * 1024 * 0.9),
            1,
            "arn:aws:iam::123456789012:role/kiln-job",
            null,
            10,
            Duration.ofHours(6),
            "/aws/batch/kiln");
    ObjectNode registered = (ObjectNode) RequestJson.of(needs.definition());
    registered.put("jobDefinitionName", "kiln");
    assertThat(registered).isEqualTo(read("job-definition.json"));
    assertThat(registered.path("retryStrategy")).isEqualTo(read("retry-strategy.json"));
  }

  @Test
  void arrayFitsBatch() throws Exception {
    JsonNode submit = read("submit-job.json");
    assertThat(submit.path("arrayProperties").path("size").asInt()).isBetween(2, 10_000);
    assertThat(submit.path("jobQueue")).isEqualTo(read("job-queue.json").path("jobQueueName"));
    assertThat(submit.path("jobDefinition"))
        .isEqualTo(read("job-definition.json").path("jobDefinitionName"));
    assertThat(read("compute-environment.json").path("computeEnvironmentName"))
        .isEqualTo(
            read("job-queue.json")
                .path("computeEnvironmentOrder")
                .path(0)
                .path("computeEnvironment"));
    int scenes = 1_231_441;
    assertThat(new ArraySplit(scenes, 500).children())
        .isEqualTo(submit.path("arrayProperties").path("size").asInt());
  }
}
