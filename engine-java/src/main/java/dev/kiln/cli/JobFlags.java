package dev.kiln.cli;

import dev.kiln.awsbatch.JobDefinitionSpec;
import dev.kiln.awsbatch.JobOptions;
import dev.kiln.awsbatch.PriceTable;
import dev.kiln.error.ConfigurationException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/** Options for the container of a job: resources and image, or an existing job definition. */
@Heading.Under(Heading.CONTAINER)
final class JobFlags {
  /** Share of an instance's memory that ECS and the operating system leave to containers. */
  private static final double MEMORY_SHARE = 0.9;

  @Option(
      names = "--definition",
      paramLabel = "NAME",
      description = "Existing AWS Batch job definition, instead of --image and resources.")
  private String definition;

  @Option(
      names = "--image",
      paramLabel = "IMAGE",
      description = "Container image of Kiln: REPOSITORY:TAG or REPOSITORY@sha256:DIGEST.")
  private String image;

  @Option(
      names = "--instance",
      paramLabel = "TYPE",
      description =
          "EC2 instance type; sets --vcpus, --memory and --gpus so that one child uses"
              + " one GPU.")
  private String instance;

  @Option(names = "--vcpus", paramLabel = "N", description = "vCPUs per child.")
  private Integer vcpus;

  @Option(names = "--memory", paramLabel = "MIB", description = "Memory per child in MiB.")
  private Integer memory;

  @Option(names = "--gpus", paramLabel = "N", description = "GPUs per child; 0 for CPU only.")
  private Integer gpus;

  @Option(
      names = "--job-role",
      paramLabel = "ARN",
      description = "IAM role of the children: reads scenes and model, writes --out.")
  private String jobRole;

  @Option(
      names = "--execution-role",
      paramLabel = "ARN",
      description =
          "IAM role that pulls the image and writes logs (default: role of the instance).")
  private String executionRole;

  @Option(
      names = "--job-attempts",
      paramLabel = "N",
      defaultValue = "10",
      description =
          "Attempts per child, 1 to 10; spot interruptions count (default:" + " ${DEFAULT-VALUE}).")
  private int attempts;

  @Option(
      names = "--job-timeout",
      paramLabel = "S",
      defaultValue = "21600",
      description = "Timeout of one attempt of a child in seconds (default: ${DEFAULT-VALUE}).")
  private int timeout;

  @Option(
      names = "--log-group",
      paramLabel = "NAME",
      defaultValue = "/aws/batch/kiln",
      description = "CloudWatch log group (default: ${DEFAULT-VALUE}).")
  private String logGroup;

  @Option(
      names = "--on-demand",
      description = "Record on-demand instead of spot prices of --instance.")
  private boolean onDemand;

  @Option(
      names = "--prices",
      paramLabel = "FILE",
      description = "YAML file with prices that override the built-in ones.")
  private Path prices;

  @Option(
      names = "--tag",
      paramLabel = "KEY=VALUE",
      description = "Tag of the jobs, for cost allocation; may be repeated.")
  private Map<String, String> tags = new LinkedHashMap<>();

  @Option(
      names = "--share-identifier",
      paramLabel = "NAME",
      description = "Share of a queue with a fair-share scheduling policy.")
  private String shareIdentifier;

  @Option(
      names = "--scheduling-priority",
      paramLabel = "N",
      description = "Priority within the share, 0 to 9999.")
  private Integer schedulingPriority;

  @Option(
      names = "--env",
      paramLabel = "NAME=VALUE",
      description =
          "Environment variable of the children, visible to everyone who may describe jobs; may be"
              + " repeated.")
  private Map<String, String> environment = new LinkedHashMap<>();

  /** Returns the options of the jobs. */
  JobOptions jobOptions() {
    return new JobOptions(
        tags,
        Optional.ofNullable(shareIdentifier),
        schedulingPriority == null ? OptionalInt.empty() : OptionalInt.of(schedulingPriority),
        environment);
  }

  /** The job definition to register; empty if one is named. */
  Optional<JobDefinitionSpec> newDefinition() {
    if (definition != null) {
      if (image != null || vcpus != null || memory != null || gpus != null) {
        throw new ConfigurationException(
            "--definition cannot be combined with --image, --vcpus, --memory or --gpus: the job"
                + " definition contains them");
      }
      return Optional.empty();
    }
    if (image == null) {
      throw new ConfigurationException(
          "expected --image or --definition: the container that children run");
    }
    PriceTable.Instance machine = machine();
    return Optional.of(
        JobDefinitionSpec.builder()
            .image(image)
            .vcpus(
                value(
                    "--vcpus",
                    vcpus,
                    machine == null ? null : machine.vcpus() / machine.children()))
            .memoryMib(value("--memory", memory, machine == null ? null : memory(machine)))
            .gpus(
                value(
                    "--gpus", gpus, machine == null ? null : (Integer) Math.min(1, machine.gpus())))
            .jobRole(Optional.ofNullable(jobRole))
            .executionRole(Optional.ofNullable(executionRole))
            .attempts(attempts)
            .attemptTimeout(Duration.ofSeconds(timeout))
            .logGroup(logGroup)
            .build());
  }

  String definition() {
    return definition;
  }

  String logGroup() {
    return logGroup;
  }

  /** Returns whether children have a GPU, so that its absence is an error. */
  boolean onGpu() {
    return newDefinition().map(spec -> spec.gpus() > 0).orElse(true);
  }

  /** Returns the price of a child in dollars per hour; 0 without {@code --instance}. */
  double pricePerHour() {
    PriceTable.Instance machine = machine();
    return machine == null
        ? 0
        : (onDemand ? machine.onDemand() : machine.spot()) / machine.children();
  }

  private PriceTable.Instance machine() {
    if (instance == null) {
      return null;
    }
    PriceTable table = prices == null ? PriceTable.builtIn() : PriceTable.read(prices);
    return table.instance(instance);
  }

  private static Integer memory(PriceTable.Instance machine) {
    return (int) (machine.memory() * 1024 * MEMORY_SHARE / machine.children());
  }

  private static int value(String option, Integer given, Integer ofMachine) {
    if (given == null && ofMachine == null) {
      throw new ConfigurationException(
          "expected " + option + " or --instance: the resources of a child");
    }
    return given == null ? ofMachine : given;
  }
}
