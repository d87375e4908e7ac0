package dev.kiln.cli;

import dev.kiln.awsbatch.AwsBatchService;
import dev.kiln.awsbatch.JobLogs;
import dev.kiln.awsbatch.Retry;
import dev.kiln.awsbatch.Submission;
import dev.kiln.awsbatch.SubmissionLedger;
import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ObjectStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kiln logs}: prints logs of children. */
@Command(
    name = "logs",
    description =
        "Print the last lines of the CloudWatch logs of one child (--index), or of some failed"
            + " children, or, if none has failed, of some running ones.",
    footer = {"", "Example:", "  kiln logs s3://my-bucket/clay --index 17 --lines 200"})
public final class LogsCommand implements Callable<Integer> {
  private static final int MAX_LINES = 10_000;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "JOB|PREFIX",
      description = "Output of the submission, or the id of an AWS Batch job.")
  private String subject;

  @Option(
      names = "--submission",
      paramLabel = "ID",
      description = "Id of the submission, if the output has several.")
  private String submissionId;

  @Option(
      names = "--index",
      paramLabel = "N",
      description = "Index of a child among all children of the submission, from 0.")
  private Integer index;

  @Option(
      names = "--lines",
      paramLabel = "N",
      defaultValue = "50",
      description = "Lines per log, 1 to 10000 (default: ${DEFAULT-VALUE}).")
  private int lines;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Mixin private AwsFlags flags;

  @Override
  public Integer call() throws IOException {
    Range.atLeast("--lines", lines, 1);
    if (lines > MAX_LINES) {
      throw new OptionException("--lines: expected 1 to " + MAX_LINES + ", found " + lines);
    }
    Runs runs = new Runs(subject);
    try (AwsBatchService awsBatch = flags.awsBatch();
        JobLogs logs = new JobLogs(awsBatch, flags.batchOptions());
        ObjectStore out = flags.output(runs.out(awsBatch))) {
      Submission submission =
          runs.isJob()
              ? new SubmissionLedger(out).ofJob(runs.jobId().orElseThrow())
              : Retry.select(out, Optional.ofNullable(submissionId));
      OptionalInt child = index == null ? OptionalInt.empty() : OptionalInt.of(index);
      print(logs.tail(submission, child, lines));
    }
    return ExitCode.DONE.code();
  }

  private void print(List<JobLogs.Log> logs) {
    PrintWriter print = spec.commandLine().getOut();
    if (json) {
      JsonPrint.print(print, logs);
    } else if (logs.isEmpty()) {
      print.println("No child has failed or is running. Choose a child with --index.");
    } else {
      for (JobLogs.Log log : logs) {
        print.printf(
            "%s %s, log group %s, stream %s%n",
            log.jobId(), log.state(), log.logGroup(), log.logStream().orElse("none (not started)"));
        log.lines().forEach(line -> print.printf("  %s  %s%n", line.time(), line.text()));
      }
    }
    print.flush();
  }
}
