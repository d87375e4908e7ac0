package dev.kiln.cli;

import dev.kiln.awsbatch.JobDefinitionSpec;
import dev.kiln.awsbatch.PriceTable;
import dev.kiln.error.ConfigurationException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What a job needs of a machine, or the job definition that says so. */
final class JobFlags {
  /** What ECS and the system leave of a machine's memory to containers. */
  private static final double MEMORY_SHARE = 0.9;

  @Option(
      names = "--definition",
      paramLabel = "NAME",
      description = "Use this job definition of AWS Batch, instead of --image and what follows.")
  private String definition;

  @Option(
      names = "--image",
      paramLabel = "IMAGE",
      description = "Container image of Kiln, REPOSITORY:TAG or …@sha256:….")
  private String image;

  @Option(
      names = "--instance",
      paramLabel = "TYPE",
      description = "A child is to fill one GPU of this type: sets --vcpus, --memory and --gpus.")
  private String instance;

  @Option(names = "--vcpus", paramLabel = "N", description = "Processors of a child.")
  private Integer vcpus;

  @Option(names = "--memory", paramLabel = "MIB", description = "Memory of a child.")
  private Integer memory;

  @Option(names = "--gpus", paramLabel = "N", description = "GPUs of a child; 0 for none.")
  private Integer gpus;

  @Option(
      names = "--job-role",
      paramLabel = "ARN",
      description = "Role that a child acts as: reads scenes and model, writes --out.")
  private String jobRole;

  @Option(
      names = "--execution-role",
      paramLabel = "ARN",
      description = "Role that pulls the image and logs (default: the machine's).")
  private String executionRole;

  @Option(
      names = "--job-attempts",
      paramLabel = "N",
      defaultValue = "10",
      description = "Tries of a child, 1 to 10; spot interruptions count.")
  private int attempts;

  @Option(
      names = "--timeout",
      paramLabel = "S",
      defaultValue = "21600",
      description = "End a try of a child after so many seconds.")
  private int timeout;

  @Option(
      names = "--log-group",
      paramLabel = "NAME",
      defaultValue = "/aws/batch/kiln",
      description = "Log group of CloudWatch.")
  private String logGroup;

  @Option(
      names = "--on-demand",
      description = "Reckon with on-demand prices of --instance, not with spot prices.")
  private boolean onDemand;

  @Option(
      names = "--prices",
      paramLabel = "FILE",
      description = "Prices that go before those that Kiln assumes (YAML).")
  private Path prices;

  /** The job definition to register; empty if one is named. */
  Optional<JobDefinitionSpec> newDefinition() {
    if (definition != null) {
      if (image != null || vcpus != null || memory != null || gpus != null) {
        throw new ConfigurationException(
            "--definition and --image: a job definition says both; give one of them");
      }
      return Optional.empty();
    }
    if (image == null) {
      throw new ConfigurationException("--image or --definition is needed: what the children run");
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

  /** Whether children have a GPU, so that its absence must fail them. */
  boolean onGpu() {
    return newDefinition().map(spec -> spec.gpus() > 0).orElse(true);
  }

  /** Dollars for the hour of a child; 0 without {@code --instance}. */
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
      throw new ConfigurationException(option + " or --instance is needed: what a child takes");
    }
    return given == null ? ofMachine : given;
  }
}
