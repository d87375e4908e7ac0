package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import software.amazon.awssdk.services.batch.model.ContainerProperties;
import software.amazon.awssdk.services.batch.model.Host;
import software.amazon.awssdk.services.batch.model.JobDefinitionType;
import software.amazon.awssdk.services.batch.model.KeyValuePair;
import software.amazon.awssdk.services.batch.model.LogConfiguration;
import software.amazon.awssdk.services.batch.model.MountPoint;
import software.amazon.awssdk.services.batch.model.PlatformCapability;
import software.amazon.awssdk.services.batch.model.RegisterJobDefinitionRequest;
import software.amazon.awssdk.services.batch.model.ResourceRequirement;
import software.amazon.awssdk.services.batch.model.ResourceType;
import software.amazon.awssdk.services.batch.model.Volume;

/**
 * What a job needs of a machine: the whole of its job definition. What it is to do is said when it
 * is submitted.
 *
 * @param image of the container
 * @param vcpus processors
 * @param memory MiB
 * @param gpus 0 for a machine without
 * @param jobRole ARN of the role that the container acts as; null for none
 * @param executionRole ARN of the role that pulls a private image and logs; null for the machine's
 * @param attempts tries of a child, 1 to 10
 * @param timeLimit of one try
 * @param logGroup of CloudWatch
 */
public record JobNeeds(
    String image,
    int vcpus,
    int memory,
    int gpus,
    String jobRole,
    String executionRole,
    int attempts,
    Duration timeLimit,
    String logGroup) {
  /** Where the launch template mounts the machine's scratch, on the machine and in the job. */
  static final String SCRATCH = "/scratch";

  private static final Pattern ROLE =
      Pattern.compile("arn:aws(-[a-z]+)*:iam::\\d{12}:role/[\\w+=,.@/-]+");

  public JobNeeds {
    if (image == null || image.isBlank() || image.contains(" ")) {
      throw new ConfigurationException(
          "--image " + image + ": REPOSITORY:TAG or …@sha256:… expected");
    }
    require("--vcpus", vcpus, 1, 1024);
    require("--memory", memory, 512, 4_000_000);
    require("--gpus", gpus, 0, 16);
    require("--attempts", attempts, 1, 10);
    if (timeLimit.toSeconds() < 60) {
      throw new ConfigurationException(
          "--timeout " + timeLimit.toSeconds() + ": at least 60 expected");
    }
    role("--job-role", jobRole);
    role("--execution-role", executionRole);
  }

  private static void require(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new ConfigurationException(
          "%s %d: %,d to %,d expected".formatted(option, value, least, most));
    }
  }

  private static void role(String option, String arn) {
    if (arn != null && !ROLE.matcher(arn).matches()) {
      throw new ConfigurationException(
          option + " " + arn + ": expected a role, arn:aws:iam::123456789012:role/NAME");
    }
  }

  /** The job definition. Its name follows from what it says, so the same needs find it again. */
  RegisterJobDefinitionRequest definition() {
    RegisterJobDefinitionRequest unnamed =
        RegisterJobDefinitionRequest.builder()
            .type(JobDefinitionType.CONTAINER)
            .platformCapabilities(PlatformCapability.EC2)
            .containerProperties(container())
            .retryStrategy(RetryRules.strategy(attempts))
            .timeout(t -> t.attemptDurationSeconds((int) timeLimit.toSeconds()))
            .build();
    byte[] content = RequestJson.of(unnamed).toString().getBytes(StandardCharsets.UTF_8);
    String hash = HexFormat.of().formatHex(PackedList.digest256().digest(content));
    return unnamed.toBuilder().jobDefinitionName("kiln-" + hash.substring(0, 16)).build();
  }

  private ContainerProperties container() {
    List<ResourceRequirement> resources = new ArrayList<>();
    resources.add(resource(ResourceType.VCPU, vcpus));
    resources.add(resource(ResourceType.MEMORY, memory));
    if (gpus > 0) {
      resources.add(resource(ResourceType.GPU, gpus));
    }
    return ContainerProperties.builder()
        .image(image)
        .command("doctor")
        .resourceRequirements(resources)
        .jobRoleArn(jobRole)
        .executionRoleArn(executionRole)
        .environment(
            KeyValuePair.builder().name("KILN_MODEL_CACHE").value(SCRATCH + "/models").build())
        .volumes(
            Volume.builder()
                .name("scratch")
                .host(Host.builder().sourcePath(SCRATCH).build())
                .build())
        .mountPoints(MountPoint.builder().sourceVolume("scratch").containerPath(SCRATCH).build())
        .logConfiguration(
            LogConfiguration.builder()
                .logDriver("awslogs")
                .options(Map.of("awslogs-group", logGroup))
                .build())
        .build();
  }

  private static ResourceRequirement resource(ResourceType type, int value) {
    return ResourceRequirement.builder().type(type).value(Integer.toString(value)).build();
  }
}
