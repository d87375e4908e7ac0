package dev.kiln.run;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.SparseObject;
import dev.kiln.fetch.UnavailableException;
import dev.kiln.sink.ParquetFooter;
import dev.kiln.sink.Provenance;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Checks files that are in the output before a run: whether they are complete, and whether they
 * were made with the run's own model and options. By default a sample is checked, and all if one of
 * the sample is damaged.
 */
final class ExistingFiles implements PendingScenes.ExistingCheck {
  private static final Logger log = LoggerFactory.getLogger(ExistingFiles.class);

  /** Files checked per block; each costs a bucket one or two requests. */
  private static final int SAMPLE = 8;

  /** Contains the footer of all but the largest files. */
  private static final int TAIL_BYTES = 64 << 10;

  private final ObjectStore out;
  private final Provenance provenance;
  private final boolean all;
  private boolean warned;

  /**
   * Creates a check.
   *
   * @param out borrowed
   * @param provenance model and options of the run
   * @param all whether every file is checked instead of a sample
   */
  ExistingFiles(ObjectStore out, Provenance provenance, boolean all) {
    this.out = out;
    this.provenance = provenance;
    this.all = all;
  }

  /**
   * Returns the files that need not be written again.
   *
   * @param existing output keys of files that exist
   * @throws ConfigurationException if a file was made with another model or other options, or by
   *     another program
   */
  @Override
  public Set<String> complete(Set<String> existing) throws IOException, InterruptedException {
    List<String> keys = new ArrayList<>(new TreeSet<>(existing));
    int step = all ? 1 : Math.max(1, keys.size() / SAMPLE);
    Set<String> complete = new HashSet<>(existing);
    for (int i = 0; i < keys.size(); i += step) {
      if (!isComplete(keys.get(i))) {
        complete.remove(keys.get(i));
        if (step > 1) {
          // Where one is damaged, others can be.
          step = 1;
          i = -1;
        }
      }
    }
    return complete;
  }

  private boolean isComplete(String outputKey) throws IOException, InterruptedException {
    Map<String, String> footer;
    try (SparseObject file = out.open(List.of(outputKey)).get(0)) {
      long tail = Math.min(file.size(), TAIL_BYTES);
      file.bytes(file.size() - tail, (int) tail);
      footer = ParquetFooter.keyValues(file.size(), file::bytes);
    } catch (AccessDeniedException e) {
      warn("cannot read existing files to check them: {}", e.getMessage());
      return true;
    } catch (UnavailableException e) {
      throw e;
    } catch (IOException e) {
      log.warn("damaged file is written again: file={} reason=\"{}\"", outputKey, e.getMessage());
      return false;
    }
    String differences = differences(footer.get("kiln"));
    if (!differences.isEmpty()) {
      throw new ConfigurationException(
          "%s: %s: use --overwrite or another --out".formatted(out.uri(outputKey), differences));
    }
    return true;
  }

  /** Returns what differs from the run's own model and options; empty if nothing does. */
  private String differences(String footer) {
    if (footer == null) {
      return "expected a file of kiln embed, found another Parquet file";
    }
    JsonNode kiln;
    try {
      kiln = JsonMapper.shared().readTree(footer);
    } catch (JacksonException e) {
      return "expected JSON under the footer key kiln, found none";
    }
    List<String> differences = new ArrayList<>();
    compare(differences, "model hash", provenance.modelHash(), kiln.path("model_hash"));
    provenance
        .options()
        .forEach(
            (name, value) -> {
              JsonNode found = kiln.path("options").path(name);
              // Files of earlier versions do not record all options.
              String unrecorded = unrecorded(name, kiln.path("options"));
              if (found.isMissingNode() && !unrecorded.isEmpty()) {
                compare(differences, name, value, JsonNodeFactory.instance.stringNode(unrecorded));
              } else {
                compare(differences, name, value, found);
              }
            });
    String precision = kiln.path("precision").asString("");
    if (differences.isEmpty() && !precision.equals(provenance.precision().label())) {
      warn(
          "existing files have another precision: expected {}, found {}",
          provenance.precision().label(),
          precision);
    }
    return String.join("; ", differences);
  }

  private static String unrecorded(String option, JsonNode recorded) {
    if (option.equals(Embedder.STATISTICS)) {
      return Embedder.STANDARD_STATISTICS;
    }
    String ofChips = ChipOptions.unrecorded(option, recorded.path("chip").asString(""));
    return ofChips.isEmpty() ? VectorOptions.unrecorded(option) : ofChips;
  }

  private static void compare(
      List<String> differences, String name, String expected, JsonNode found) {
    if (!found.isMissingNode() && !found.asString("").equals(expected)) {
      differences.add("%s: expected %s, found %s".formatted(name, expected, found.asString("")));
    }
  }

  private synchronized void warn(String format, Object... values) {
    if (!warned) {
      warned = true;
      log.warn(format, values);
    }
  }
}
