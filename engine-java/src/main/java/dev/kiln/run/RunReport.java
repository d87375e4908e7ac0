package dev.kiln.run;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.kiln.error.ExitCode;
import dev.kiln.error.KilnException;
import dev.kiln.fetch.Traffic;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.metrics.ResourceUse;
import dev.kiln.sink.Provenance;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What one attempt at a shard did.
 *
 * @param job what was embedded
 * @param outcome how the attempt ended
 * @param pace rate and cost
 * @param run counts and times at the end
 * @param requests requests to the stores
 * @param used resources of the machine
 * @param failures scenes that failed, in the order in which they did
 * @param decisions how many scenes each decision that changes vectors was taken for
 */
public record RunReport(
    @JsonUnwrapped Job job,
    @JsonUnwrapped Outcome outcome,
    @JsonUnwrapped Pace pace,
    Snapshot run,
    @JsonUnwrapped Requests requests,
    ResourceUse used,
    List<FailedScene> failures,
    Map<String, Long> decisions) {

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

  /**
   * What was embedded, with what, and where to.
   *
   * @param platform sensor platform of the scenes
   * @param source root of the scenes
   * @param out root of the files
   * @param provenance recorded in the footers of the files
   * @param encoder that ran
   */
  public record Job(
      String platform,
      String source,
      String out,
      Provenance provenance,
      EncoderDescription encoder) {}

  /**
   * How the attempt ended.
   *
   * @param exitCode of the process
   * @param ended why the run was aborted; empty if it came to its end
   * @param stopped whether it was asked to end early
   */
  public record Outcome(ExitCode exitCode, Optional<String> ended, boolean stopped) {}

  /**
   * Rate and cost of the attempt.
   *
   * @param chipsPerSecond mean over the run
   * @param bottleneck the stage that limited the rate
   * @param cost of the run at the given price; empty without one
   */
  public record Pace(double chipsPerSecond, String bottleneck, OptionalDouble cost) {}

  /**
   * Requests to the stores, retries included.
   *
   * @param sourceTraffic requests to the source
   * @param outTraffic requests to the output
   */
  public record Requests(Traffic.Counts sourceTraffic, Traffic.Counts outTraffic) {}

  static RunReport of(
      EmbeddingJob job,
      EncoderDescription encoder,
      Snapshot end,
      OptionalDouble pricePerHour,
      ResourceUse used,
      List<FailedScene> failures,
      Map<String, Long> decisions,
      Optional<Throwable> failure,
      boolean stopped) {
    boolean unfinished = stopped && end.settled() < end.scenes();
    return new RunReport(
        new Job(
            job.platform().name(),
            job.source().root(),
            job.out().root(),
            job.provenance(),
            encoder),
        new Outcome(
            exitCode(failure, unfinished, failures), failure.map(RunReport::reason), stopped),
        new Pace(
            end.chipsPerSecond(),
            end.bottleneck().stage(),
            pricePerHour.isPresent()
                ? OptionalDouble.of(pricePerHour.getAsDouble() * end.seconds() / 3600)
                : OptionalDouble.empty()),
        end,
        new Requests(job.source().traffic(), job.out().traffic()),
        used,
        failures,
        decisions);
  }

  private static ExitCode exitCode(
      Optional<Throwable> failure, boolean unfinished, List<FailedScene> failures) {
    if (failure.isPresent()) {
      return ExitCode.of(failure.get());
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
      return "out of memory (%s); lower --batch or --fetch-memory, or give the process more memory"
          .formatted(failure.getMessage());
    }
    return failure instanceof KilnException ? failure.getMessage() : "internal error: " + failure;
  }

  /** {@return the exit code of the process} */
  public ExitCode exitCode() {
    return outcome.exitCode();
  }

  /** {@return why the run was aborted; empty if it came to its end} */
  public Optional<String> ended() {
    return outcome.ended();
  }

  /**
   * Returns the report of an attempt that has not ended.
   *
   * @param now progress; empty at the start
   */
  static byte[] running(Attempt attempt, Optional<Snapshot> now) {
    ObjectNode report = JSON.createObjectNode();
    report.put("state", "running");
    report.put("started", attempt.started().toString());
    report.put("heartbeat", Instant.now().toString());
    report.set("attempt", JSON.valueToTree(attempt));
    now.ifPresent(snapshot -> report.set("run", JSON.valueToTree(snapshot)));
    return JSON.writeValueAsBytes(report);
  }

  /** Returns the report of an attempt that has ended, as indented JSON, UTF-8. */
  byte[] json(Attempt attempt) {
    ObjectNode report = JSON.createObjectNode();
    report.put("started", attempt.started().toString());
    report.set("attempt", JSON.valueToTree(attempt));
    report.setAll((ObjectNode) JSON.<JsonNode>valueToTree(this));
    return JSON.writeValueAsBytes(report);
  }

  /** {@return the report as indented JSON, UTF-8} */
  public byte[] json() {
    return JSON.writeValueAsBytes(this);
  }

  /** {@return the report as a few lines of text} */
  public String summary() {
    return RunSummary.of(this);
  }
}
