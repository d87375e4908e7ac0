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
import tools.jackson.databind.json.JsonMapper;

/** {@code kiln status}: how the runs into an output stand. */
@Command(
    name = "status",
    description = "Say how runs stand: children, scenes, rate, time left, cost, failures.",
    footer = {
      "",
      "Examples:",
      "  kiln status s3://my-bucket/clay --watch",
      "  kiln status embeddings          (a folder: reports alone, nothing is asked of AWS)"
    },
    showDefaultValues = true,
    sortOptions = false)
public final class StatusCommand implements Callable<Integer> {
  private static final String HOME_AND_CLEAR = "\033[H\033[2J";

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "JOB|PREFIX",
      description = "Output of the runs, or the id of a job of AWS Batch.")
  private String subject;

  @Option(names = "--watch", description = "Look again and again until all has ended.")
  private boolean watch;

  @Option(
      names = "--interval",
      paramLabel = "S",
      defaultValue = "30",
      description = "Seconds from one look to the next.")
  private int interval;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Option(names = "--reports-only", description = "Ask nothing of AWS Batch.")
  private boolean reportsOnly;

  @Mixin private AwsBatchFlags batchFlags;
  @Mixin private StoreFlags storeFlags;
  @Mixin private OutStoreFlags outStoreFlags;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Range.atLeast("--interval", interval, 1);
    boolean job = subject.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(:\\d+)?");
    if (job && reportsOnly) {
      throw new ConfigurationException(
          "--reports-only: give the output, a job is known to Batch alone");
    }
    boolean asksBatch = job || !reportsOnly && subject.startsWith("s3://");
    try (AwsBatchService batch =
        asksBatch || batchFlags.given()
            ? new AwsBatchService(batchFlags.options(storeFlags))
            : null) {
      Optional<String> id = job ? Optional.of(subject.replaceFirst(":.*", "")) : Optional.empty();
      String prefix = job ? batch.outputOf(id.get()) : subject;
      try (ObjectStore out =
              ObjectStores.open(prefix, outStoreFlags.options(storeFlags, System.getenv()));
          ArrayMonitor fleet =
              new ArrayMonitor(out, Optional.ofNullable(batch), Clock.systemUTC())) {
        look(fleet, id);
      }
    }
    return 0;
  }

  private void look(ArrayMonitor fleet, Optional<String> job)
      throws IOException, InterruptedException {
    PrintWriter print = spec.commandLine().getOut();
    while (true) {
      ArrayStatus status = fleet.status(job);
      if (json) {
        print.println(
            JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(status));
      } else {
        print.print((watch ? screen() : "") + StatusText.of(status));
      }
      print.flush();
      if (!watch || !status.active()) {
        return;
      }
      Thread.sleep(interval * 1000L);
    }
  }

  /** A terminal is drawn over, a file appended to. */
  private static String screen() {
    return Boolean.getBoolean("kiln.terminal") ? HOME_AND_CLEAR : "";
  }
}
