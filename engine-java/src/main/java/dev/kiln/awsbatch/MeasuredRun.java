package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Rates and sizes that a report of {@code kiln embed} measured.
 *
 * @param name name of the report
 * @param encoder encoder of the run
 * @param scenes scenes embedded
 * @param chipsPerSecond rate of the whole run
 * @param chipsPerScene mean chips per scene
 * @param readsPerScene mean requests to the source per scene
 * @param bytesReadPerScene mean bytes fetched per scene
 * @param bytesWrittenPerScene mean bytes written per scene
 */
public record MeasuredRun(
    String name,
    String encoder,
    long scenes,
    double chipsPerSecond,
    double chipsPerScene,
    double readsPerScene,
    double bytesReadPerScene,
    double bytesWrittenPerScene) {

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
    JsonNode report;
    try (InputStream in = source.open()) {
      report = JsonMapper.shared().readTree(in.readAllBytes());
    } catch (NoSuchFileException e) {
      throw new ConfigurationException("--report " + name + ": no such file", e);
    } catch (JacksonException e) {
      throw new ConfigurationException(
          "--report " + name + ": expected a JSON report of kiln embed, found other text", e);
    }
    JsonNode counts = report.path("run").path("counts");
    long scenes = counts.path("embedded").asLong(0);
    double rate = report.path("chipsPerSecond").asDouble(0);
    if (scenes == 0 || !(rate > 0)) {
      throw new ConfigurationException(
          "--report "
              + name
              + ": the run embedded no scene; give the report of one that did, _kiln/run.json or"
              + " _kiln/shard-….json");
    }
    return new MeasuredRun(
        name,
        report.path("encoder").path("name").asString(""),
        scenes,
        rate,
        counts.path("chips").asDouble(0) / scenes,
        report.path("sourceTraffic").path("requests").asDouble(0) / scenes,
        counts.path("bytesFetched").asDouble(0) / scenes,
        counts.path("bytesWritten").asDouble(0) / scenes);
  }
}
