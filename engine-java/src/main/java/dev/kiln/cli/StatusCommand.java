package dev.kiln.cli;

import dev.kiln.awsbatch.ArrayMonitor;
import dev.kiln.awsbatch.ArrayStatus;
import dev.kiln.awsbatch.AwsBatchService;
import dev.kiln.awsbatch.StatusText;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kiln status}: prints the progress of runs. */
@Command(
    name = "status",
    description =
        "Print the progress of runs: children, scenes, throughput, time left, cost, failures.",
    footer = {
      "",
      "Examples:",
      "  kiln status s3://my-bucket/clay --watch",
      "  kiln status embeddings",
      "",
      "Exits with 0 if all scenes are done, 65 if only failed scenes are missing, and 75 while"
          + " runs",
      "are active or if scenes are left for kiln retry."
    })
public final class StatusCommand implements Callable<Integer> {
  private static final String HOME_AND_CLEAR = "\033[H\033[2J";

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "JOB|PREFIX",
      description = "Output of the runs, or the id of an AWS Batch job.")
  private String subject;

  @Option(names = "--watch", description = "Repeat until all jobs have ended.")
  private boolean watch;

  @Option(
      names = "--interval",
      paramLabel = "S",
      defaultValue = "30",
      description = "Interval of --watch in seconds (default: ${DEFAULT-VALUE}).")
  private int interval;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Option(
      names = "--reports-only",
      description = "Read the reports only; send no requests to AWS Batch.")
  private boolean reportsOnly;

  @Mixin private AwsFlags flags;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Range.atLeast("--interval", interval, 1);
    Runs runs = new Runs(subject);
    boolean job = runs.isJob();
    if (job && reportsOnly) {
      throw new ConfigurationException("--reports-only: expected an output, found the id of a job");
    }
    boolean queryAwsBatch = job || !reportsOnly && ObjectStores.isBucket(subject);
    try (AwsBatchService batch = queryAwsBatch || flags.batchGiven() ? flags.awsBatch() : null) {
      try (ObjectStore out = flags.output(runs.out(batch));
          ArrayMonitor monitor =
              new ArrayMonitor(out, Optional.ofNullable(batch), Clock.systemUTC())) {
        return watch(monitor, runs.jobId()).exitCode().code();
      }
    }
  }

  private ArrayStatus watch(ArrayMonitor monitor, Optional<String> job)
      throws IOException, InterruptedException {
    PrintWriter print = spec.commandLine().getOut();
    while (true) {
      ArrayStatus status = monitor.status(job);
      if (json) {
        JsonPrint.print(print, status);
      } else {
        print.print((watch ? screen() : "") + StatusText.of(status));
      }
      print.flush();
      if (!watch || !status.active()) {
        return status;
      }
      Thread.sleep(interval * 1000L);
    }
  }

  /** Returns what clears the terminal; empty if the output is not one. */
  private static String screen() {
    return Boolean.getBoolean("kiln.terminal") ? HOME_AND_CLEAR : "";
  }
}
