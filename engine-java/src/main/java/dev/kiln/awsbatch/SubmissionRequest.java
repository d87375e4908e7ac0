package dev.kiln.awsbatch;

import java.util.Optional;

/**
 * The scene list and jobs to submit to AWS Batch.
 *
 * @param arguments arguments of the children
 * @param modelHash SHA-256 of the model's weights
 * @param list scene list
 * @param queue job queue
 * @param newDefinition job definition to register unless it exists; empty if {@code
 *     existingDefinition} names one
 * @param existingDefinition name, name:revision or ARN of a job definition; null with {@code
 *     newDefinition}
 * @param logGroup CloudWatch log group of the jobs
 * @param pricePerHour US dollars per hour of a child; 0 if unknown
 * @param retryOf id of the submission whose unfinished scenes the list has; null for an original
 * @param jobOptions options of the jobs
 */
public record SubmissionRequest(
    EmbedArguments arguments,
    String modelHash,
    PackedList list,
    String queue,
    Optional<JobDefinitionSpec> newDefinition,
    String existingDefinition,
    String logGroup,
    double pricePerHour,
    String retryOf,
    JobOptions jobOptions) {
  /** Returns a builder of an original submission, without a price. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the name of the job definition. */
  String definitionName() {
    return newDefinition
        .map(spec -> spec.definition().jobDefinitionName())
        .orElse(existingDefinition);
  }

  /** Builder of {@link SubmissionRequest}. */
  public static final class Builder {
    private EmbedArguments arguments;
    private String modelHash;
    private PackedList list;
    private String queue;
    private Optional<JobDefinitionSpec> newDefinition = Optional.empty();
    private String existingDefinition;
    private String logGroup;
    private double pricePerHour;
    private String retryOf;
    private JobOptions jobOptions = JobOptions.none();

    private Builder() {}

    /** Sets the arguments of the children. */
    public Builder arguments(EmbedArguments all) {
      arguments = all;
      return this;
    }

    /** Sets the SHA-256 of the model's weights. */
    public Builder modelHash(String sha256) {
      modelHash = sha256;
      return this;
    }

    /** Sets the scene list. */
    public Builder list(PackedList scenes) {
      list = scenes;
      return this;
    }

    /** Sets the job queue. */
    public Builder queue(String name) {
      queue = name;
      return this;
    }

    /** Sets the job definition to register unless it exists. */
    public Builder newDefinition(JobDefinitionSpec spec) {
      newDefinition = Optional.of(spec);
      existingDefinition = null;
      return this;
    }

    /** Sets the existing job definition to use. */
    public Builder existingDefinition(String nameOrArn) {
      newDefinition = Optional.empty();
      existingDefinition = nameOrArn;
      return this;
    }

    /** Sets the log group of the jobs. */
    public Builder logGroup(String name) {
      logGroup = name;
      return this;
    }

    /** Sets the US dollars per hour of a child. */
    public Builder pricePerHour(double dollars) {
      pricePerHour = dollars;
      return this;
    }

    /** Sets the submission that this one retries. */
    public Builder retryOf(String submissionId) {
      retryOf = submissionId;
      return this;
    }

    /** Sets options of the jobs. */
    public Builder jobOptions(JobOptions options) {
      jobOptions = options;
      return this;
    }

    /** Returns the request. */
    public SubmissionRequest build() {
      return new SubmissionRequest(
          arguments,
          modelHash,
          list,
          queue,
          newDefinition,
          existingDefinition,
          logGroup,
          pricePerHour,
          retryOf,
          jobOptions);
    }
  }
}
