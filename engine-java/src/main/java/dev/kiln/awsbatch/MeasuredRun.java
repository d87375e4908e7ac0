package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Rates and sizes that one or several reports of {@code kiln embed} measured.
 *
 * @param name name of the report
 * @param encoder encoder of the run; empty if unknown
 * @param device device of the encoder
 * @param scenes scenes embedded
 * @param chips chips embedded
 * @param seconds duration of the run
 * @param reads requests to the source
 * @param bytesRead bytes fetched
 * @param bytesWritten bytes written
 */
public record MeasuredRun(
    String name,
    String encoder,
    String device,
    long scenes,
    double chips,
    double seconds,
    double reads,
    double bytesRead,
    double bytesWritten) {
  private static final Set<String> GPU_ENCODERS = Set.of("tensorrt", "cuda");

  /** Opens the report. */
  public interface Source {
    /** Returns a stream that the caller closes. */
    InputStream open() throws IOException;
  }

  /**
   * Reads a report.
   *
   * @throws ConfigurationException if it is not a report, or its run embedded nothing
   */
  public static MeasuredRun read(String name, Source source) throws IOException {
    try (InputStream in = source.open()) {
      return of(name, JsonMapper.shared().readTree(in.readAllBytes())).requireScenes();
    } catch (NoSuchFileException e) {
      throw new ConfigurationException("--report " + name + ": no such file", e);
    } catch (JacksonException e) {
      throw new ConfigurationException(
          "--report " + name + ": expected a JSON report of kiln embed, found other text", e);
    }
  }

  /** Returns what a report measured; all zero for a run that embedded nothing. */
  static MeasuredRun of(String name, JsonNode report) {
    JsonNode run = report.path("run");
    JsonNode counts = run.path("counts");
    return new MeasuredRun(
        name,
        report.path("encoder").path("name").asString(""),
        report.path("encoder").path("device").asString("an unknown device"),
        counts.path("embedded").asLong(0),
        counts.path("chips").asDouble(0),
        run.path("seconds").asDouble(0),
        report.path("sourceTraffic").path("requests").asDouble(0),
        counts.path("bytesFetched").asDouble(0),
        counts.path("bytesWritten").asDouble(0));
  }

  /**
   * Adds up reports, such as those of all attempts of all children.
   *
   * @param name name of their directory
   * @throws ConfigurationException if no run embedded a scene, or encoders or devices differ
   */
  static MeasuredRun sum(String name, List<MeasuredRun> runs) {
    List<MeasuredRun> some = runs.stream().filter(run -> run.scenes > 0).toList();
    List<String> devices =
        some.stream().map(r -> r.encoder + " on " + r.device).distinct().toList();
    if (devices.size() > 1) {
      throw new ConfigurationException(
          "--report "
              + name
              + ": expected one encoder and device, found "
              + String.join(", ", devices)
              + "; give the reports of each kind of instance separately");
    }
    return new MeasuredRun(
            name,
            some.isEmpty() ? "" : some.get(0).encoder,
            some.isEmpty() ? "" : some.get(0).device,
            some.stream().mapToLong(MeasuredRun::scenes).sum(),
            some.stream().mapToDouble(MeasuredRun::chips).sum(),
            some.stream().mapToDouble(MeasuredRun::seconds).sum(),
            some.stream().mapToDouble(MeasuredRun::reads).sum(),
            some.stream().mapToDouble(MeasuredRun::bytesRead).sum(),
            some.stream().mapToDouble(MeasuredRun::bytesWritten).sum())
        .requireScenes();
  }

  private MeasuredRun requireScenes() {
    if (scenes == 0 || !(chips > 0) || !(seconds > 0)) {
      throw new ConfigurationException(
          "--report "
              + name
              + ": the run embedded no scene; give the report of one that did, or the directory"
              + " _kiln of its reports");
    }
    return this;
  }

  /** Returns the chips per second of a child, start excluded. */
  public double chipsPerSecond() {
    return chips / seconds;
  }

  /**
   * Returns whether the rate holds for an instance: a GPU encoder's for instances with the GPU it
   * ran on, a CPU encoder's for instances without GPUs.
   */
  boolean representative(PriceTable.Instance instance) {
    if (encoder.isEmpty()) {
      return true;
    }
    boolean onGpu = GPU_ENCODERS.contains(encoder);
    return onGpu == (instance.gpus() > 0)
        && (!onGpu
            || Pattern.compile("\\b" + Pattern.quote(instance.gpu()) + "\\b")
                .matcher(device)
                .find());
  }
}
