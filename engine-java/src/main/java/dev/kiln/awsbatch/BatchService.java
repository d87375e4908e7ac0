package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.crt.AwsCrtHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.batch.BatchClient;
import software.amazon.awssdk.services.batch.BatchClientBuilder;
import software.amazon.awssdk.services.batch.model.DescribeJobDefinitionsResponse;
import software.amazon.awssdk.services.batch.model.DescribeJobQueuesResponse;
import software.amazon.awssdk.services.batch.model.JQState;
import software.amazon.awssdk.services.batch.model.JobDetail;
import software.amazon.awssdk.services.batch.model.JobQueueDetail;
import software.amazon.awssdk.services.batch.model.JobStatus;
import software.amazon.awssdk.services.batch.model.JobSummary;
import software.amazon.awssdk.services.batch.model.KeyValuesPair;
import software.amazon.awssdk.services.batch.model.ListJobsRequest;
import software.amazon.awssdk.services.batch.model.ListJobsResponse;
import software.amazon.awssdk.services.batch.model.RegisterJobDefinitionRequest;
import software.amazon.awssdk.services.batch.model.SubmitJobRequest;

/**
 * AWS Batch. What may pass is tried again, with one exception: a submission whose fate is unknown
 * is {@link AmbiguousSubmitException}, since Batch would take it twice.
 */
public final class BatchService implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(BatchService.class);

  /** The most jobs that a request describes. */
  private static final int DESCRIBED_AT_ONCE = 100;

  private static final long LONGEST_PAUSE_MILLIS = 20_000;

  private final BatchOptions options;
  private final SdkHttpClient http;
  private final BatchClient client;

  /**
   * @throws ConfigurationException if no region is known
   */
  public BatchService(BatchOptions options) {
    this.options = options;
    this.http = AwsCrtHttpClient.builder().build();
    BatchClientBuilder builder =
        BatchClient.builder()
            .httpClient(http)
            .overrideConfiguration(all -> all.retryStrategy(AwsRetryStrategy.doNotRetry()));
    options.endpoint().ifPresent(builder::endpointOverride);
    options.region().map(Region::of).ifPresent(builder::region);
    try {
      this.client = builder.build();
    } catch (SdkClientException e) {
      http.close();
      throw new ConfigurationException(
          "AWS Batch: no region is known: give --region, or set AWS_REGION", e);
    }
  }

  /**
   * Sees whether a queue takes jobs.
   *
   * @throws ConfigurationException if there is no such queue or it is disabled
   */
  public void requireQueue(String queue) throws IOException {
    DescribeJobQueuesResponse found =
        ask("batch:DescribeJobQueues", () -> client.describeJobQueues(r -> r.jobQueues(queue)));
    if (found.jobQueues().isEmpty()) {
      throw new ConfigurationException(
          "--queue "
              + queue
              + ": there is no such job queue in this account and region: correct the name, or"
              + " --region; deploy/aws-batch/kiln.yaml makes one");
    }
    JobQueueDetail detail = found.jobQueues().get(0);
    if (detail.state() != JQState.ENABLED || "INVALID".equals(detail.statusAsString())) {
      throw new ConfigurationException(
          "--queue %s: takes no jobs: it is %s, %s (%s)"
              .formatted(
                  queue, detail.stateAsString(), detail.statusAsString(), detail.statusReason()));
    }
  }

  /** Finds the active job definition of this name, else registers it; returns its ARN. */
  public String definition(RegisterJobDefinitionRequest wanted) throws IOException {
    Optional<String> found = findDefinition(wanted.jobDefinitionName());
    if (found.isPresent()) {
      return found.get();
    }
    return ask(
            "batch:RegisterJobDefinition (with iam:PassRole on its roles)",
            () -> client.registerJobDefinition(wanted))
        .jobDefinitionArn();
  }

  /** The newest active revision of a job definition. */
  public Optional<String> findDefinition(String name) throws IOException {
    DescribeJobDefinitionsResponse found =
        ask(
            "batch:DescribeJobDefinitions",
            () -> client.describeJobDefinitions(r -> r.jobDefinitionName(name).status("ACTIVE")));
    return found.jobDefinitions().stream()
        .max((a, b) -> Integer.compare(a.revision(), b.revision()))
        .map(definition -> definition.jobDefinitionArn());
  }

  /**
   * Submits a job, once.
   *
   * @return its id
   * @throws AmbiguousSubmitException if Batch may have taken it without saying so
   */
  String submit(SubmitJobRequest request) throws IOException {
    return attempt("batch:SubmitJob", true, () -> client.submitJob(request)).jobId();
  }

  /**
   * Looks for a job that Batch may have taken, for as long as it may take to be listed.
   *
   * @return the id of the newest job of this name in a queue
   */
  Optional<String> find(String queue, String name) throws IOException {
    long until = System.nanoTime() + options.settling().toNanos();
    for (int number = 1; ; number++) {
      Optional<String> found = findNow(queue, name);
      if (found.isPresent() || System.nanoTime() > until) {
        return found;
      }
      pause(name + " is not listed", number);
    }
  }

  private Optional<String> findNow(String queue, String name) throws IOException {
    ListJobsRequest request =
        ListJobsRequest.builder()
            .jobQueue(queue)
            .filters(KeyValuesPair.builder().name("JOB_NAME").values(name).build())
            .build();
    return list(request).stream()
        .filter(job -> job.jobName().equals(name))
        .max((a, b) -> Long.compare(a.createdAt(), b.createdAt()))
        .map(JobSummary::jobId);
  }

  /** What Batch still knows of these jobs; it forgets them a week after their end. */
  public List<JobDetail> describe(List<String> ids) throws IOException {
    List<JobDetail> all = new ArrayList<>();
    for (int i = 0; i < ids.size(); i += DESCRIBED_AT_ONCE) {
      List<String> some = ids.subList(i, Math.min(ids.size(), i + DESCRIBED_AT_ONCE));
      all.addAll(ask("batch:DescribeJobs", () -> client.describeJobs(r -> r.jobs(some))).jobs());
    }
    return all;
  }

  /**
   * The output that a job of Kiln writes to.
   *
   * @throws ConfigurationException if Batch does not know the job, or it is not Kiln's
   */
  public String outputOf(String id) throws IOException {
    return describe(List.of(id)).stream()
        .filter(job -> job.container() != null)
        .flatMap(job -> job.container().command().stream())
        .filter(argument -> argument.startsWith("--out="))
        .map(argument -> argument.substring("--out=".length()))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigurationException(
                    "job "
                        + id
                        + ": not known to AWS Batch (any more), or not of kiln embed: give the"
                        + " output instead"));
  }

  /** Children of an array in a state. */
  public List<JobSummary> children(String array, JobStatus status) throws IOException {
    return list(ListJobsRequest.builder().arrayJobId(array).jobStatus(status).build());
  }

  private List<JobSummary> list(ListJobsRequest request) throws IOException {
    List<JobSummary> all = new ArrayList<>();
    String next = null;
    do {
      ListJobsRequest page = request.toBuilder().nextToken(next).build();
      ListJobsResponse answer = ask("batch:ListJobs", () -> client.listJobs(page));
      all.addAll(answer.jobSummaryList());
      next = answer.nextToken();
    } while (next != null && !next.isEmpty());
    return all;
  }

  private <T> T ask(String right, Supplier<T> request) throws IOException {
    return attempt(right, false, request);
  }

  /**
   * @param right that the request needs, for messages
   * @param once whether a second request would do its work a second time
   */
  private <T> T attempt(String right, boolean once, Supplier<T> request) throws IOException {
    for (int number = 1; ; number++) {
      try {
        return request.get();
      } catch (SdkException e) {
        String said = BatchErrorMapper.of(right, once, e);
        if (number >= options.attempts()) {
          throw new IOException(said + "; tried " + number + " times", e);
        }
        pause(said, number);
      }
    }
  }

  /** Waits as long as is due after so many tries, less up to half by chance. */
  void pause(String why, int number) throws IOException {
    long full =
        Math.min(LONGEST_PAUSE_MILLIS, options.firstPause().toMillis() << Math.min(number - 1, 20));
    long pause = full - ThreadLocalRandom.current().nextLong(full / 2 + 1);
    log.warn("{}; trying again in {} ms", why, pause);
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(why + "; interrupted");
    }
  }

  int attempts() {
    return options.attempts();
  }

  @Override
  public void close() {
    client.close();
    http.close();
  }
}
