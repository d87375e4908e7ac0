package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.io.Sha256;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
 * Contents of a job definition: image, resources, roles and limits. The command of a job is set on
 * submission.
 *
 * @param image container image
 * @param vcpus vCPUs of a child
 * @param memoryMib memory of a child in MiB
 * @param gpus GPUs of a child; 0 for none
 * @param jobRole ARN of the role of the container
 * @param executionRole ARN of the role that pulls a private image and writes logs; empty for the
 *     role of the instance
 * @param attempts attempts of a child, 1 to 10
 * @param attemptTimeout time limit of an attempt
 * @param logGroup CloudWatch log group
 */
public record JobDefinitionSpec(
    String image,
    int vcpus,
    int memoryMib,
    int gpus,
    Optional<String> jobRole,
    Optional<String> executionRole,
    int attempts,
    Duration attemptTimeout,
    String logGroup) {
  /** Where the launch template mounts local disks, on the instance and in the container. */
  static final String SCRATCH = "/scratch";

  private static final Pattern ROLE =
      Pattern.compile("arn:aws(-[a-z]+)*:iam::\\d{12}:role/[\\w+=,.@/-]+");

  /** Checks the limits of AWS Batch. */
  public JobDefinitionSpec {
    if (image == null || image.isBlank() || image.contains(" ")) {
      throw new ConfigurationException(
          "--image: expected REPOSITORY:TAG or …@sha256:…, found '" + image + "'");
    }
    requireRange("--vcpus", vcpus, 1, 1024);
    requireRange("--memory", memoryMib, 512, 4_000_000);
    requireRange("--gpus", gpus, 0, 16);
    requireRange("--job-attempts", attempts, 1, 10);
    if (attemptTimeout.toSeconds() < 60) {
      throw new ConfigurationException(
          "--job-timeout: expected 60 or more seconds, found " + attemptTimeout.toSeconds());
    }
    jobRole.ifPresent(arn -> requireRole("--job-role", arn));
    executionRole.ifPresent(arn -> requireRole("--execution-role", arn));
  }

  /** Starts with no GPU, no roles, 10 attempts of 6 hours and log group /aws/batch/kiln. */
  public static Builder builder() {
    return new Builder();
  }

  private static void requireRange(String option, int value, int min, int max) {
    if (value < min || value > max) {
      throw new ConfigurationException(
          "%s: expected %,d to %,d, found %d".formatted(option, min, max, value));
    }
  }

  private static void requireRole(String option, String arn) {
    if (!ROLE.matcher(arn).matches()) {
      throw new ConfigurationException(
          option + ": expected a role, arn:aws:iam::123456789012:role/NAME, found " + arn);
    }
  }

  /** Returns the job definition. Its name is a hash of its contents, so it is registered once. */
  RegisterJobDefinitionRequest definition() {
    RegisterJobDefinitionRequest unnamed =
        RegisterJobDefinitionRequest.builder()
            .type(JobDefinitionType.CONTAINER)
            .platformCapabilities(PlatformCapability.EC2)
            .containerProperties(container())
            .retryStrategy(RetryRules.strategy(attempts))
            .timeout(t -> t.attemptDurationSeconds((int) attemptTimeout.toSeconds()))
            .build();
    byte[] content = RequestJson.of(unnamed).toString().getBytes(StandardCharsets.UTF_8);
    String hash = HexFormat.of().formatHex(Sha256.digest().digest(content));
    return unnamed.toBuilder().jobDefinitionName("kiln-" + hash.substring(0, 16)).build();
  }

  private ContainerProperties container() {
    List<ResourceRequirement> resources = new ArrayList<>();
    resources.add(resource(ResourceType.VCPU, vcpus));
    resources.add(resource(ResourceType.MEMORY, memoryMib));
    if (gpus > 0) {
      resources.add(resource(ResourceType.GPU, gpus));
    }
    return ContainerProperties.builder()
        .image(image)
        .command("doctor")
        .resourceRequirements(resources)
        .jobRoleArn(jobRole.orElse(null))
        .executionRoleArn(executionRole.orElse(null))
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

  /** Builder of {@link JobDefinitionSpec}. */
  public static final class Builder {
    private String image;
    private int vcpus;
    private int memoryMib;
    private int gpus;
    private Optional<String> jobRole = Optional.empty();
    private Optional<String> executionRole = Optional.empty();
    private int attempts = 10;
    private Duration attemptTimeout = Duration.ofHours(6);
    private String logGroup = "/aws/batch/kiln";

    private Builder() {}

    /** Sets the container image. */
    public Builder image(String name) {
      image = name;
      return this;
    }

    /** Sets the vCPUs of a child. */
    public Builder vcpus(int count) {
      vcpus = count;
      return this;
    }

    /** Sets the memory of a child in MiB. */
    public Builder memoryMib(int mebibytes) {
      memoryMib = mebibytes;
      return this;
    }

    /** Sets the GPUs of a child. */
    public Builder gpus(int count) {
      gpus = count;
      return this;
    }

    /** Sets the role of the container. */
    public Builder jobRole(Optional<String> arn) {
      jobRole = arn;
      return this;
    }

    /** Sets the role that pulls the image and writes logs. */
    public Builder executionRole(Optional<String> arn) {
      executionRole = arn;
      return this;
    }

    /** Sets the attempts of a child. */
    public Builder attempts(int count) {
      attempts = count;
      return this;
    }

    /** Sets the time limit of an attempt. */
    public Builder attemptTimeout(Duration limit) {
      attemptTimeout = limit;
      return this;
    }

    /** Sets the CloudWatch log group. */
    public Builder logGroup(String name) {
      logGroup = name;
      return this;
    }

    /**
     * Returns the spec.
     *
     * @throws ConfigurationException if a value is beyond the limits of AWS Batch
     */
    public JobDefinitionSpec build() {
      return new JobDefinitionSpec(
          image,
          vcpus,
          memoryMib,
          gpus,
          jobRole,
          executionRole,
          attempts,
          attemptTimeout,
          logGroup);
    }
  }
}
