package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.run.FailedScene;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.TreeMap;
import software.amazon.awssdk.services.batch.model.JobDetail;
import software.amazon.awssdk.services.batch.model.JobStatus;
import software.amazon.awssdk.services.batch.model.JobSummary;

/**
 * Observer of the runs that write into one output: reads their reports, and asks AWS Batch for the
 * state of their jobs. Store and service are borrowed.
 */
public final class ArrayMonitor implements AutoCloseable {
  private static final int MAX_REASONS = 5;
  private static final int MAX_FAILED_CHILDREN = 3;

  private final ObjectStore out;
  private final Optional<AwsBatchService> awsBatch;
  private final Clock clock;
  private final SubmissionLedger ledger;
  private final ShardReports reports;

  /**
   * Creates an observer.
   *
   * @param awsBatch empty to read reports alone
   */
  public ArrayMonitor(ObjectStore out, Optional<AwsBatchService> awsBatch, Clock clock) {
    this.out = out;
    this.awsBatch = awsBatch;
    this.clock = clock;
    this.ledger = new SubmissionLedger(out);
    this.reports = new ShardReports(out);
  }

  /**
   * Returns the current state.
   *
   * @param jobId id of an AWS Batch job, to see its submission alone; empty for all runs
   * @throws ConfigurationException if there is no such run
   */
  public ArrayStatus status(Optional<String> jobId) throws IOException {
    List<ArrayStatus.Run> runs = new ArrayList<>();
    if (jobId.isEmpty()) {
      List<ChildReport> unnamed = ChildReport.of(reports.of(null), clock.instant());
      if (!unnamed.isEmpty()) {
        runs.add(unnamedRun(unnamed));
      }
    }
    for (Submission submission : ledger.all()) {
      if (jobId.isEmpty() || submission.jobIds().contains(jobId.get())) {
        runs.add(
            submittedRun(submission, ChildReport.of(reports.of(submission.id()), clock.instant())));
      }
    }
    if (runs.isEmpty()) {
      throw new ConfigurationException(
          jobId
              .map(id -> "job " + id + ": not part of a submission into " + out.root())
              .orElse(out.root() + ": no run found: _kiln/ has no reports and no submissions"));
    }
    return new ArrayStatus(out.root(), runs);
  }

  private static ArrayStatus.Run unnamedRun(List<ChildReport> all) {
    long total = all.stream().mapToLong(ChildReport::scenes).sum();
    return new ArrayStatus.Run(
        Optional.empty(),
        Optional.empty(),
        all.stream().anyMatch(ChildReport::alive),
        new ArrayStatus.Jobs(List.of(), OptionalInt.empty(), Map.of()),
        counts(all, true),
        scenes(total, all),
        chips(all, 0),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        reasons(all),
        List.of());
  }

  private ArrayStatus.Run submittedRun(Submission submission, List<ChildReport> all)
      throws IOException {
    List<JobDetail> jobs =
        awsBatch.isEmpty() ? List.of() : awsBatch.get().describe(submission.jobIds());
    boolean active =
        awsBatch.isEmpty()
            ? all.stream().anyMatch(ChildReport::alive)
            : jobs.stream().anyMatch(job -> !ended(job));
    double elapsed = elapsedSeconds(submission, jobs, active);
    ArrayStatus.Scenes scenes = scenes(submission.scenes(), all);
    OptionalDouble secondsLeft =
        active && elapsed > 0 && scenes.done() > 0
            ? OptionalDouble.of(elapsed / scenes.done() * scenes.left())
            : OptionalDouble.empty();
    return new ArrayStatus.Run(
        Optional.of(submission.id()),
        Optional.ofNullable(submission.retryOf()),
        active,
        new ArrayStatus.Jobs(
            submission.jobIds(),
            OptionalInt.of(submission.children()),
            childrenByState(submission, jobs)),
        counts(all, awsBatch.isEmpty() || active),
        scenes,
        chips(all, elapsed),
        secondsLeft,
        cost(submission, jobs, all),
        reasons(all),
        failedChildren(submission, jobs));
  }

  private static boolean ended(JobDetail job) {
    return job.status() == JobStatus.SUCCEEDED || job.status() == JobStatus.FAILED;
  }

  /**
   * @param canRun whether children without an exit code can still be running
   */
  private static ArrayStatus.Reports counts(List<ChildReport> all, boolean canRun) {
    Map<Integer, Integer> exitCodes = new TreeMap<>();
    all.stream()
        .filter(report -> !report.running())
        .forEach(report -> exitCodes.merge(report.exitCode(), 1, Integer::sum));
    int open = (int) all.stream().filter(ChildReport::running).count();
    int running = canRun ? (int) all.stream().filter(ChildReport::alive).count() : 0;
    return new ArrayStatus.Reports(
        all.size(),
        all.stream().mapToInt(ChildReport::attempts).sum(),
        running,
        open - running,
        (int) all.stream().filter(ChildReport::beyondList).count(),
        exitCodes);
  }

  private static ArrayStatus.Scenes scenes(long total, List<ChildReport> all) {
    return new ArrayStatus.Scenes(
        total,
        all.stream().mapToLong(ChildReport::done).sum(),
        all.stream().mapToLong(report -> report.failures().size()).sum());
  }

  private static ArrayStatus.Chips chips(List<ChildReport> all, double elapsed) {
    long chips = all.stream().mapToLong(ChildReport::chips).sum();
    double busy = all.stream().mapToDouble(ChildReport::seconds).sum();
    return new ArrayStatus.Chips(
        chips,
        elapsed > 0 ? OptionalDouble.of(chips / elapsed) : OptionalDouble.empty(),
        busy > 0 ? OptionalDouble.of(chips / busy) : OptionalDouble.empty());
  }

  private static Map<String, Integer> childrenByState(Submission submission, List<JobDetail> jobs) {
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

  static boolean isArray(JobDetail job) {
    return job.arrayProperties() != null
        && job.arrayProperties().size() != null
        && job.arrayProperties().size() > 0;
  }

  private double elapsedSeconds(Submission submission, List<JobDetail> jobs, boolean active) {
    long start = Instant.parse(submission.created()).toEpochMilli();
    long end =
        active
            ? clock.millis()
            : jobs.stream()
                .filter(job -> job.stoppedAt() != null)
                .mapToLong(JobDetail::stoppedAt)
                .max()
                .orElse(start);
    return (end - start) / 1000.0;
  }

  private OptionalDouble cost(Submission submission, List<JobDetail> jobs, List<ChildReport> all)
      throws IOException {
    if (!(submission.pricePerHour() > 0)) {
      return OptionalDouble.empty();
    }
    // AWS Batch knows how long children run that have not ended.
    double seconds =
        all.stream()
            .mapToDouble(
                report -> report.seconds() - (jobs.isEmpty() ? 0 : report.currentSeconds()))
            .sum();
    for (JobDetail job : jobs) {
      if (isArray(job) && job.arrayProperties().statusSummary().getOrDefault("RUNNING", 0) > 0) {
        for (JobSummary child : awsBatch.orElseThrow().children(job.jobId(), JobStatus.RUNNING)) {
          seconds += child.startedAt() == null ? 0 : (clock.millis() - child.startedAt()) / 1000.0;
        }
      }
    }
    return OptionalDouble.of(seconds / 3600 * submission.pricePerHour());
  }

  /** Groups failures of scenes and of children by their message. */
  private static List<ArrayStatus.Reason> reasons(List<ChildReport> all) {
    Map<String, Long> counts = new HashMap<>();
    Map<String, String> examples = new HashMap<>();
    for (ChildReport report : all) {
      for (ShardReport.Failure failure : report.failures()) {
        String reason = FailedScene.withoutDetails(failure.reason());
        counts.merge(reason, 1L, Long::sum);
        examples.putIfAbsent(reason, failure.key());
      }
      if (!report.ended().isEmpty()) {
        String reason = "aborted: " + FailedScene.withoutDetails(report.ended());
        counts.merge(reason, 1L, Long::sum);
        examples.putIfAbsent(reason, report.name());
      }
    }
    return counts.entrySet().stream()
        .sorted(
            Map.Entry.<String, Long>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey()))
        .limit(MAX_REASONS)
        .map(e -> new ArrayStatus.Reason(e.getValue(), e.getKey(), examples.get(e.getKey())))
        .toList();
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
        awsBatch.orElseThrow().children(job.jobId(), JobStatus.FAILED).stream()
            .limit(MAX_FAILED_CHILDREN)
            .map(JobSummary::jobId)
            .forEach(ids::add);
      }
    }
    if (ids.isEmpty()) {
      return List.of();
    }
    List<String> some = ids.subList(0, Math.min(MAX_FAILED_CHILDREN, ids.size()));
    return awsBatch.orElseThrow().describe(some).stream()
        .map(child -> failedChild(submission, child))
        .toList();
  }

  private static ArrayStatus.FailedChild failedChild(Submission submission, JobDetail child) {
    boolean container = child.container() != null;
    Integer exitCode = container ? child.container().exitCode() : null;
    String reason = container ? child.container().reason() : null;
    return new ArrayStatus.FailedChild(
        child.jobId(),
        exitCode == null ? OptionalInt.empty() : OptionalInt.of(exitCode),
        Optional.ofNullable(reason)
            .or(() -> Optional.ofNullable(child.statusReason()))
            .orElse("no reason given"),
        submission.logGroup(),
        Optional.ofNullable(container ? child.container().logStreamName() : null));
  }

  @Override
  public void close() {
    reports.close();
  }
}
