package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.RetryPolicy;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
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
 * Client of AWS Batch. Retries transient errors with exponential backoff, except for a submission
 * with an unknown result: repeating it could create the job twice, so it throws {@link
 * AmbiguousSubmitException}.
 */
public final class AwsBatchService implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(AwsBatchService.class);

  /** Limit of DescribeJobs. */
  private static final int MAX_JOBS_PER_DESCRIBE = 100;

  private final AwsBatchOptions options;
  private final RetryPolicy retries;
  private final String endpoint;
  private final SdkHttpClient http;
  private final BatchClient client;

  /**
   * Creates a client; sends nothing.
   *
   * @throws ConfigurationException if no region is known
   */
  public AwsBatchService(AwsBatchOptions options) {
    this.options = options;
    this.retries = RetryPolicy.of(options.attempts(), options.firstPause());
    this.endpoint = options.endpoint().map(URI::getAuthority).orElse("AWS");
    this.http = UrlConnectionHttpClient.builder().build();
    BatchClientBuilder builder =
        BatchClient.builder()
            .httpClient(http)
            .overrideConfiguration(
                all ->
                    all.retryStrategy(AwsRetryStrategy.doNotRetry())
                        .addExecutionInterceptor(new IntegralNumbers()));
    options.endpoint().ifPresent(builder::endpointOverride);
    AwsRegion.of(options.region(), System.getenv()).map(Region::of).ifPresent(builder::region);
    try {
      this.client = builder.build();
    } catch (SdkClientException e) {
      http.close();
      throw new ConfigurationException(
          "AWS Batch: unknown region: give --region, or set AWS_REGION", e);
    }
  }

  /**
   * Checks that a job queue accepts jobs.
   *
   * @throws ConfigurationException if there is no such queue or it is disabled
   */
  public void requireQueue(String queue) throws IOException {
    DescribeJobQueuesResponse found =
        request("batch:DescribeJobQueues", () -> client.describeJobQueues(r -> r.jobQueues(queue)));
    if (found.jobQueues().isEmpty()) {
      throw new ConfigurationException(
          "--queue "
              + queue
              + ": no such job queue in this account and region: correct the name or --region, or"
              + " create one with deploy/aws-batch/kiln.yaml");
    }
    JobQueueDetail detail = found.jobQueues().get(0);
    if (detail.state() != JQState.ENABLED || "INVALID".equals(detail.statusAsString())) {
      throw new ConfigurationException(
          "--queue %s: expected an enabled, valid job queue, found %s, %s (%s)"
              .formatted(
                  queue, detail.stateAsString(), detail.statusAsString(), detail.statusReason()));
    }
  }

  /** Returns the ARN of the active job definition with this name; registers it if there is none. */
  public String findOrRegister(RegisterJobDefinitionRequest definition) throws IOException {
    Optional<String> found = findDefinition(definition.jobDefinitionName());
    if (found.isPresent()) {
      return found.get();
    }
    return request(
            "batch:RegisterJobDefinition (and iam:PassRole for its roles)",
            () -> client.registerJobDefinition(definition))
        .jobDefinitionArn();
  }

  private Optional<String> findDefinition(String name) throws IOException {
    DescribeJobDefinitionsResponse found =
        request(
            "batch:DescribeJobDefinitions",
            () -> client.describeJobDefinitions(r -> r.jobDefinitionName(name).status("ACTIVE")));
    return found.jobDefinitions().stream()
        .max((a, b) -> Integer.compare(a.revision(), b.revision()))
        .map(definition -> definition.jobDefinitionArn());
  }

  /**
   * Submits a job, once.
   *
   * @return the job's id
   * @throws AmbiguousSubmitException if AWS Batch may have accepted the job without confirming it
   */
  String submit(SubmitJobRequest job) throws IOException {
    return attempt("batch:SubmitJob", true, () -> client.submitJob(job)).jobId();
  }

  /**
   * Looks for a job that AWS Batch may have accepted, until its listing delay has passed.
   *
   * @return the id of the newest job with this name in a queue
   */
  Optional<String> find(String queue, String name) throws IOException {
    long deadline = System.nanoTime() + options.listingDelay().toNanos();
    for (int number = 1; ; number++) {
      Optional<String> found = findNow(queue, name);
      if (found.isPresent() || System.nanoTime() > deadline) {
        return found;
      }
      sleep(name, retries.backoff(number));
    }
  }

  private static void sleep(String name, Duration pause) throws IOException {
    try {
      RetryPolicy.Sleeper.THREAD.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(name + ": interrupted while waiting for its listing");
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

  /** Returns the jobs that AWS Batch still knows; it forgets jobs some days after their end. */
  public List<JobDetail> describe(List<String> ids) throws IOException {
    List<JobDetail> all = new ArrayList<>();
    for (int i = 0; i < ids.size(); i += MAX_JOBS_PER_DESCRIBE) {
      List<String> some = ids.subList(i, Math.min(ids.size(), i + MAX_JOBS_PER_DESCRIBE));
      all.addAll(
          request("batch:DescribeJobs", () -> client.describeJobs(r -> r.jobs(some))).jobs());
    }
    return all;
  }

  /**
   * Returns the output URI of a Kiln job.
   *
   * @throws ConfigurationException if AWS Batch does not know the job, or it is not a Kiln job
   */
  public String outputOf(String jobId) throws IOException {
    return describe(List.of(jobId)).stream()
        .filter(job -> job.container() != null)
        .flatMap(job -> job.container().command().stream())
        .filter(argument -> argument.startsWith("--out="))
        .map(argument -> argument.substring("--out=".length()))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigurationException(
                    "job "
                        + jobId
                        + ": unknown to AWS Batch, or not a kiln embed job: give the output URI"
                        + " instead"));
  }

  /** Returns the children of an array that have a status. */
  public List<JobSummary> children(String arrayJobId, JobStatus status) throws IOException {
    return list(ListJobsRequest.builder().arrayJobId(arrayJobId).jobStatus(status).build());
  }

  /**
   * Ends a job, with all children of an array, whatever its state. A job that has ended stays as it
   * is.
   *
   * @param reason shown as the status reason of the job
   */
  void terminate(String jobId, String reason) throws IOException {
    request("batch:TerminateJob", () -> client.terminateJob(r -> r.jobId(jobId).reason(reason)));
  }

  private List<JobSummary> list(ListJobsRequest request) throws IOException {
    List<JobSummary> all = new ArrayList<>();
    String next = null;
    do {
      ListJobsRequest page = request.toBuilder().nextToken(next).build();
      ListJobsResponse response = request("batch:ListJobs", () -> client.listJobs(page));
      all.addAll(response.jobSummaryList());
      next = response.nextToken();
    } while (next != null && !next.isEmpty());
    return all;
  }

  private <T> T request(String permission, Supplier<T> request) throws IOException {
    return attempt(permission, false, request);
  }

  private <T> T attempt(String permission, boolean notIdempotent, Supplier<T> request)
      throws IOException {
    try {
      return retries.<T, IOException>call(
          log,
          permission,
          RetryPolicy.Classifier.transientAre(TransientBatchException.class),
          RetryPolicy.Sleeper.THREAD,
          attempt -> {
            try {
              return request.get();
            } catch (SdkException e) {
              throw new TransientBatchException(
                  AwsBatchErrorMapper.retryReason(permission, notIdempotent, endpoint, e), e);
            }
          });
    } catch (TransientBatchException e) {
      throw new IOException(e.getMessage() + " (" + retries.attempts() + " attempts)", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(permission + ": interrupted");
    }
  }

  /** A request that failed with a transient error. */
  private static final class TransientBatchException extends IOException {
    private static final long serialVersionUID = 1L;

    TransientBatchException(String message, SdkException cause) {
      super(message, cause);
    }
  }

  /** When requests are attempted again. */
  RetryPolicy retries() {
    return retries;
  }

  @Override
  public void close() {
    client.close();
    http.close();
  }
}
