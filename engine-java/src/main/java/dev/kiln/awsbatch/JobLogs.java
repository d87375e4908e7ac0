package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.batch.model.JobDetail;
import software.amazon.awssdk.services.batch.model.JobStatus;
import software.amazon.awssdk.services.batch.model.JobSummary;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClientBuilder;
import software.amazon.awssdk.services.cloudwatchlogs.model.GetLogEventsResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.ResourceNotFoundException;

/** Reader of the logs of children in CloudWatch. */
public final class JobLogs implements AutoCloseable {
  private static final int MAX_CHILDREN = 3;

  private final AwsBatchService awsBatch;
  private final SdkHttpClient http;
  private final CloudWatchLogsClient client;

  /**
   * End of the log of an attempt of a child.
   *
   * @param jobId id of the child
   * @param state state of the child
   * @param logGroup CloudWatch log group
   * @param logStream CloudWatch log stream; empty if the child never started
   * @param lines the last lines, oldest first
   */
  public record Log(
      String jobId, String state, String logGroup, Optional<String> logStream, List<Line> lines) {}

  /**
   * A line of a log.
   *
   * @param time when the container wrote it
   * @param text the line
   */
  public record Line(Instant time, String text) {}

  /**
   * Creates a reader; sends nothing.
   *
   * @param awsBatch borrowed
   * @param options connection; its endpoint, if any, also serves the CloudWatch Logs API
   */
  public JobLogs(AwsBatchService awsBatch, AwsBatchOptions options) {
    this.awsBatch = awsBatch;
    this.http = UrlConnectionHttpClient.builder().build();
    CloudWatchLogsClientBuilder builder = CloudWatchLogsClient.builder().httpClient(http);
    options.endpoint().ifPresent(builder::endpointOverride);
    AwsRegion.of(options.region(), System.getenv()).map(Region::of).ifPresent(builder::region);
    this.client = builder.build();
  }

  /**
   * Reads the end of logs.
   *
   * @param submission submission of the children
   * @param index index of a child; empty for the first children that failed, else those that run
   * @param lines lines per log
   * @throws ConfigurationException if there is no such child
   */
  public List<Log> tail(Submission submission, OptionalInt index, int lines) throws IOException {
    List<String> ids =
        index.isPresent()
            ? List.of(childId(submission, index.getAsInt()))
            : notableChildren(submission);
    List<Log> logs = new ArrayList<>();
    for (JobDetail child : awsBatch.describe(ids)) {
      Optional<String> stream =
          Optional.ofNullable(child.container() == null ? null : child.container().logStreamName());
      logs.add(
          new Log(
              child.jobId(),
              child.statusAsString(),
              submission.logGroup(),
              stream,
              stream.isEmpty() ? List.of() : read(submission.logGroup(), stream.get(), lines)));
    }
    return logs;
  }

  private static String childId(Submission submission, int index) {
    int first = 0;
    for (Submission.Job job : submission.jobs()) {
      if (job.embeds() && job.jobId() != null) {
        if (index >= first && index < first + job.children()) {
          return job.children() == 1 ? job.jobId() : job.jobId() + ":" + (index - first);
        }
        first += job.children();
      }
    }
    throw new ConfigurationException(
        "--index: expected 0 to %d, found %d".formatted(submission.children() - 1, index));
  }

  private List<String> notableChildren(Submission submission) throws IOException {
    for (JobStatus status : List.of(JobStatus.FAILED, JobStatus.RUNNING)) {
      List<String> ids = new ArrayList<>();
      for (JobDetail job : awsBatch.describe(submission.jobIds())) {
        if (ArrayMonitor.isArray(job)) {
          if (job.arrayProperties().statusSummary().getOrDefault(status.toString(), 0) > 0) {
            awsBatch.children(job.jobId(), status).stream()
                .map(JobSummary::jobId)
                .forEach(ids::add);
          }
        } else if (job.status() == status) {
          ids.add(job.jobId());
        }
      }
      if (!ids.isEmpty()) {
        return ids.subList(0, Math.min(MAX_CHILDREN, ids.size()));
      }
    }
    return List.of();
  }

  private List<Line> read(String group, String stream, int lines) throws IOException {
    try {
      GetLogEventsResponse response =
          client.getLogEvents(
              r -> r.logGroupName(group).logStreamName(stream).limit(lines).startFromHead(false));
      return response.events().stream()
          .map(event -> new Line(Instant.ofEpochMilli(event.timestamp()), event.message()))
          .toList();
    } catch (ResourceNotFoundException e) {
      throw new ConfigurationException(
          "log group %s, stream %s: not found; the log may have expired".formatted(group, stream),
          e);
    } catch (AwsServiceException e) {
      if (e.statusCode() == 403 || e.statusCode() == 400) {
        throw new ConfigurationException(
            "CloudWatch Logs: grant logs:GetLogEvents on log group " + group, e);
      }
      throw new IOException("CloudWatch Logs returned " + e.statusCode(), e);
    } catch (SdkException e) {
      throw new IOException("cannot reach CloudWatch Logs: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    client.close();
    http.close();
  }
}
