package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import software.amazon.awssdk.services.batch.model.JobDetail;
import software.amazon.awssdk.services.batch.model.JobStatus;
import software.amazon.awssdk.services.batch.model.JobSummary;

/**
 * Looks at the runs into one output: at the reports that lie there, and at what AWS Batch says of
 * the jobs. Without Batch the reports alone are told. Store and service are borrowed.
 */
public final class ArrayMonitor implements AutoCloseable {
  private static final int REASONS = 5;
  private static final int LOOK = 3;

  private final ObjectStore out;
  private final BatchService batch;
  private final Clock clock;
  private final SubmissionLedger ledger;
  private final ShardReports reports;

  /**
   * @param batch null to look at reports alone
   */
  public ArrayMonitor(ObjectStore out, BatchService batch, Clock clock) {
    this.out = out;
    this.batch = batch;
    this.clock = clock;
    this.ledger = new SubmissionLedger(out);
    this.reports = new ShardReports(out);
  }

  /**
   * Looks once.
   *
   * @param job id of a job of AWS Batch whose submission alone is looked at; null for all
   * @throws ConfigurationException if no run has begun there
   */
  public ArrayStatus look(String job) throws IOException {
    List<ArrayStatus.Run> runs = new ArrayList<>();
    if (job == null) {
      List<ShardReport> unnamed = reports.of(null);
      if (!unnamed.isEmpty()) {
        runs.add(run(null, unnamed));
      }
    }
    for (Submission submission : ledger.all()) {
      if (job == null || submission.jobIds().contains(job)) {
        runs.add(run(submission, reports.of(submission.id())));
      }
    }
    if (runs.isEmpty()) {
      throw new ConfigurationException(
          job == null
              ? out.root() + ": no run has begun there: no reports and no submissions in _kiln/"
              : "job " + job + ": not in a submission into " + out.root());
    }
    return new ArrayStatus(out.root(), runs);
  }

  private ArrayStatus.Run run(Submission submission, List<ShardReport> all) throws IOException {
    List<JobDetail> jobs =
        batch == null || submission == null ? List.of() : batch.describe(submission.jobIds());
    Map<String, Integer> states = states(submission, jobs);
    boolean active =
        batch == null || submission == null
            ? all.stream().anyMatch(ShardReport::running)
            : jobs.stream()
                .anyMatch(
                    job -> job.status() != JobStatus.SUCCEEDED && job.status() != JobStatus.FAILED);

    Map<Integer, Integer> codes = new TreeMap<>();
    all.stream().filter(r -> !r.running()).forEach(r -> codes.merge(r.exitCode(), 1, Integer::sum));
    long scenes =
        submission == null
            ? all.stream().mapToLong(ShardReport::scenes).sum()
            : submission.scenes();
    long done = all.stream().mapToLong(ShardReport::done).sum();
    long failed = all.stream().mapToLong(r -> r.failures().size()).sum();
    long chips = all.stream().mapToLong(ShardReport::chips).sum();
    double busy = all.stream().mapToDouble(ShardReport::seconds).sum();
    double elapsed = submission == null ? 0 : elapsed(submission, jobs, active);
    double perSecond = elapsed > 0 ? chips / elapsed : 0;
    long left = scenes - done - failed;
    return new ArrayStatus.Run(
        submission == null ? null : submission.id(),
        submission == null ? null : submission.retryOf(),
        submission == null ? List.of() : submission.jobIds(),
        submission == null ? 0 : submission.children(),
        states,
        active,
        all.size(),
        (int) all.stream().filter(ShardReport::running).count(),
        codes,
        scenes,
        done,
        failed,
        chips,
        perSecond,
        busy > 0 ? chips / busy : 0,
        active && elapsed > 0 && done > 0 ? elapsed / done * left : Double.NaN,
        cost(submission, jobs, busy),
        reasons(all),
        failedChildren(submission, jobs));
  }

  /** Jobs that embed, by state; one that is no array counts as one. */
  private static Map<String, Integer> states(Submission submission, List<JobDetail> jobs) {
    Map<String, Integer> states =
        new TreeMap<>(
            Comparator.comparingInt(ArrayMonitor::order).thenComparing(Comparator.naturalOrder()));
    for (JobDetail job : jobs) {
      if (isArray(job)) {
        job.arrayProperties()
            .statusSummary()
            .forEach((state, n) -> states.merge(state, n, Integer::sum));
      } else if (submission.jobs().stream()
          .anyMatch(own -> own.embeds() && job.jobId().equals(own.jobId()))) {
        states.merge(job.statusAsString(), 1, Integer::sum);
      }
    }
    states.values().removeIf(n -> n == 0);
    return states;
  }

  private static int order(String state) {
    return JobStatus.fromValue(state).ordinal();
  }

  private static boolean isArray(JobDetail job) {
    return job.arrayProperties() != null
        && job.arrayProperties().size() != null
        && job.arrayProperties().size() > 0;
  }

  private double elapsed(Submission submission, List<JobDetail> jobs, boolean active) {
    long from = Instant.parse(submission.created()).toEpochMilli();
    long now = clock.millis();
    long to =
        active
            ? now
            : jobs.stream()
                .filter(job -> job.stoppedAt() != null)
                .mapToLong(JobDetail::stoppedAt)
                .max()
                .orElse(from);
    return (to - from) / 1000.0;
  }

  private double cost(Submission submission, List<JobDetail> jobs, double reported)
      throws IOException {
    if (submission == null || !(submission.pricePerHour() > 0)) {
      return Double.NaN;
    }
    double seconds = reported;
    for (JobDetail job : jobs) {
      if (isArray(job) && job.arrayProperties().statusSummary().getOrDefault("RUNNING", 0) > 0) {
        for (JobSummary child : batch.children(job.jobId(), JobStatus.RUNNING)) {
          seconds += child.startedAt() == null ? 0 : (clock.millis() - child.startedAt()) / 1000.0;
        }
      }
    }
    return seconds / 3600 * submission.pricePerHour();
  }

  /** Failures of scenes and ends of children, those alike taken together. */
  private static List<ArrayStatus.Reason> reasons(List<ShardReport> all) {
    Map<String, Long> counts = new HashMap<>();
    Map<String, String> examples = new HashMap<>();
    for (ShardReport report : all) {
      for (ShardReport.Failure failure : report.failures()) {
        String reason = general(failure.reason());
        counts.merge(reason, 1L, Long::sum);
        examples.putIfAbsent(reason, failure.key());
      }
      if (!report.ended().isEmpty()) {
        String reason = "broke off: " + general(report.ended());
        counts.merge(reason, 1L, Long::sum);
        examples.putIfAbsent(reason, report.name());
      }
    }
    return counts.entrySet().stream()
        .sorted(
            Map.Entry.<String, Long>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey()))
        .limit(REASONS)
        .map(e -> new ArrayStatus.Reason(e.getValue(), e.getKey(), examples.get(e.getKey())))
        .toList();
  }

  /** Paths and numbers differ from scene to scene, and would hide what is common. */
  private static String general(String reason) {
    return reason
        .replaceAll("\\S*/\\S*[^\\s:;,.)]", "…")
        .replaceAll("\\d[\\d,.]*", "#")
        .replaceAll("\\s+", " ")
        .strip();
  }

  private List<ArrayStatus.FailedChild> failedChildren(Submission submission, List<JobDetail> jobs)
      throws IOException {
    List<String> ids = new ArrayList<>();
    for (JobDetail job : jobs) {
      if (!isArray(job)) {
        if (job.status() == JobStatus.FAILED) {
          ids.add(job.jobId());
        }
      } else if (job.arrayProperties().statusSummary().getOrDefault("FAILED", 0) > 0) {
        batch.children(job.jobId(), JobStatus.FAILED).stream()
            .limit(LOOK)
            .map(JobSummary::jobId)
            .forEach(ids::add);
      }
    }
    if (ids.isEmpty()) {
      return List.of();
    }
    List<ArrayStatus.FailedChild> failed = new ArrayList<>();
    for (JobDetail child : batch.describe(ids.subList(0, Math.min(LOOK, ids.size())))) {
      boolean container = child.container() != null;
      String reason = container ? child.container().reason() : null;
      failed.add(
          new ArrayStatus.FailedChild(
              child.jobId(),
              container ? child.container().exitCode() : null,
              reason == null ? String.valueOf(child.statusReason()) : reason,
              submission.logGroup(),
              container ? child.container().logStreamName() : null));
    }
    return failed;
  }

  @Override
  public void close() {
    reports.close();
  }
}
