package dev.kiln.run;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.ExitCode;
import dev.kiln.error.MachineException;
import dev.kiln.fetch.Traffic;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.metrics.ResourceUse;
import dev.kiln.pipeline.Stage;
import dev.kiln.sink.Provenance;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What one run of a shard did.
 *
 * @param platform embedded
 * @param source root of the scenes
 * @param out root of the files
 * @param provenance that stands in the files' footers
 * @param encoder that ran
 * @param exitCode for the process
 * @param ended why the run broke off; null if it came to its end
 * @param stopped whether it was asked to end early
 * @param chipsPerSecond over the whole run
 * @param cost of the run at the price that was given; null without one
 * @param bottleneck the stage that set the pace
 * @param run counts, times and rates at the end
 * @param sourceTraffic requests to the source, retries among them
 * @param outTraffic requests to the output, retries among them
 * @param used what it took from the machine
 * @param failures scenes that failed, in the order they did
 */
public record RunReport(
    String platform,
    String source,
    String out,
    Provenance provenance,
    EncoderDescription encoder,
    ExitCode exitCode,
    String ended,
    boolean stopped,
    double chipsPerSecond,
    Double cost,
    String bottleneck,
    Snapshot run,
    Traffic.Counts sourceTraffic,
    Traffic.Counts outTraffic,
    ResourceUse used,
    List<FailedScene> failures) {

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .addMixIn(ExitCode.class, CodeOnly.class)
          .build();

  /** Writes an exit code as its number. */
  private interface CodeOnly {
    @JsonValue
    int code();
  }

  static RunReport of(
      EmbeddingJob job,
      EncoderDescription encoder,
      Snapshot end,
      OptionalDouble pricePerHour,
      ResourceUse used,
      List<FailedScene> failures,
      Throwable failure,
      boolean stopped) {
    return new RunReport(
        job.platform().name(),
        job.source().root(),
        job.out().root(),
        job.provenance(),
        encoder,
        exitCode(failure, stopped && end.settled() < end.scenes(), failures),
        failure == null ? null : reason(failure),
        stopped,
        end.chipsPerSecond(),
        pricePerHour.isPresent()
            ? (Double) (pricePerHour.getAsDouble() * end.seconds() / 3600)
            : null,
        end.bottleneck().stage(),
        end,
        job.source().traffic(),
        job.out().traffic(),
        used,
        failures);
  }

  private static ExitCode exitCode(
      Throwable failure, boolean unfinished, List<FailedScene> failures) {
    if (failure != null) {
      return ExitCode.of(failure);
    }
    if (any(failures, FailedScene.Kind.INTERNAL)) {
      return ExitCode.INTERNAL;
    }
    if (unfinished) {
      return ExitCode.TERMINATED;
    }
    if (any(failures, FailedScene.Kind.TRANSIENT)) {
      return ExitCode.TRY_AGAIN;
    }
    return failures.isEmpty() ? ExitCode.DONE : ExitCode.SCENES_FAILED;
  }

  private static boolean any(List<FailedScene> failures, FailedScene.Kind kind) {
    return failures.stream().anyMatch(f -> f.kind() == kind);
  }

  private static String reason(Throwable failure) {
    if (failure instanceof OutOfMemoryError) {
      return "out of memory ("
          + failure.getMessage()
          + "); lower --batch or --fetch-memory, or give the process more";
    }
    return failure instanceof ConfigurationException || failure instanceof MachineException
        ? failure.getMessage()
        : "internal error: " + failure;
  }

  /** The report as indented JSON. */
  public byte[] json() {
    return JSON.writeValueAsBytes(this);
  }

  /** The report in a few lines for a person. */
  public String summary() {
    RunCounters.Counts counts = run.counts();
    StringBuilder text = new StringBuilder();
    line(
        text,
        "scenes  %d: %d embedded, %d there already, %d failed, %d left",
        run.scenes(),
        counts.embedded(),
        counts.alreadyDone(),
        counts.failed(),
        run.scenes() - run.settled());
    line(
        text,
        "chips   %d in %.1f s: %.1f chips/s with %s",
        counts.chips(),
        run.seconds(),
        chipsPerSecond,
        encoder);
    line(
        text,
        "bytes   fetched %.1f MB (%.1f MB/s), decoded %.1f MB (%.1f MB/s), written %.1f MB",
        counts.bytesFetched() / 1e6,
        counts.bytesFetched() / 1e6 / run.seconds(),
        counts.bytesDecoded() / 1e6,
        counts.bytesDecoded() / 1e6 / run.seconds(),
        counts.bytesWritten() / 1e6);
    if (counts.filesDecodedByGdal() > 0) {
      line(
          text,
          "files   %d decoded by Kiln, %d of other kinds by GDAL (slower; the log says why)",
          counts.filesDecoded(),
          counts.filesDecodedByGdal());
    }
    if (cost != null && counts.chips() > 0) {
      line(text, "cost    %.4f, %.4f a million chips", cost, cost * 1e6 / counts.chips());
    }
    line(
        text,
        "asked   source %d times (%d again), out %d times (%d again)",
        sourceTraffic.requests(),
        sourceTraffic.retries(),
        outTraffic.requests(),
        outTraffic.retries());
    line(
        text,
        "used    %.1f s of processors%s%s%s",
        used.cpuSeconds(),
        used.peakMemory() == null
            ? ""
            : ", %,d MB at most".formatted(used.peakMemory() / 1_000_000),
        joules("processors", used.joules()),
        joules("device", used.deviceJoules()));
    line(text, "stage    threads   busy s   waiting s   blocked s   busy");
    for (Stage.Times s : run.stages()) {
      line(
          text,
          "%-8s %7d %8.1f %11.1f %11.1f %5.0f%%%s",
          s.stage(),
          s.threads(),
          s.busy(),
          s.waiting(),
          s.blocked(),
          100 * run.busyShare(s),
          s.stage().equals(bottleneck) ? "  sets the pace" : "");
    }
    return text.toString();
  }

  private static String joules(String of, Double joules) {
    return joules == null ? "" : String.format(Locale.ROOT, ", %s %,.0f J", of, joules);
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
