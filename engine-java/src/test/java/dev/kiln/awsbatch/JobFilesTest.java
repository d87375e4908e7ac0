package dev.kiln.awsbatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The JSON files for the AWS CLI agree with what {@code kiln submit} sends. */
class JobFilesTest {
  private static final Path FILES = Path.of("../deploy/aws-batch");

  private static JsonNode read(String name) throws Exception {
    return JsonMapper.shared().readTree(Files.readString(FILES.resolve(name)));
  }

  @Test
  void jobDefinitionIsTheOneThatSubmitRegisters() throws Exception {
    PriceTable.Instance machine = PriceTable.builtIn().instance("g6e.xlarge");
    JobDefinitionSpec spec =
        JobDefinitionSpec.builder()
            .image("123456789012.dkr.ecr.us-west-2.amazonaws.com/kiln:0.1.0")
            .vcpus(machine.vcpus())
            .memoryMib((int) (machine.memory() * 1024 * 0.9))
            .gpus(1)
            .jobRole(Optional.of("arn:aws:iam::123456789012:role/kiln-job"))
            .build();
    ObjectNode registered = (ObjectNode) RequestJson.of(spec.definition());
    registered.put("jobDefinitionName", "kiln");
    assertThat(registered).isEqualTo(read("job-definition.json"));
    assertThat(registered.path("retryStrategy")).isEqualTo(read("retry-strategy.json"));
  }

  @Test
  void arrayFitsTheLimitsOfAwsBatch() throws Exception {
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
