package dev.kiln.dataset.merge;

import dev.kiln.fetch.ObjectStore;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a finished partition has been made of. It is written after the partition's files, so that a
 * partition with a matching state is complete.
 *
 * @param id of the partition
 * @param directory of its files
 * @param fingerprint of the sources and options
 * @param rows in its files
 * @param duplicates rows that were left out because of a preferred row of the same place
 * @param notFinite rows that were left out because a value is NaN or infinite
 * @param sources keys of the files that were read
 * @param failed keys of those that were damaged
 * @param files in the order of the curve; none without rows
 * @param bbox west, south, east, north in degrees, west of east also across the antimeridian; empty
 *     without rows
 * @param start earliest acquisition, ISO 8601; empty without rows
 * @param end latest acquisition
 */
record CellState(
    String id,
    String directory,
    String fingerprint,
    long rows,
    long duplicates,
    long notFinite,
    List<String> sources,
    List<String> failed,
    List<PartFile> files,
    List<Double> bbox,
    String start,
    String end) {

  /** Where states are stored in a dataset. */
  static final String DIRECTORY = "_kiln/cells";

  private static final JsonMapper JSON = JsonMapper.shared();

  /**
   * A file of the partition.
   *
   * @param key in the dataset
   * @param rows of the file
   * @param bytes of the file
   * @param rowGroups of the file
   */
  record PartFile(String key, long rows, long bytes, int rowGroups) {}

  /** Returns the key of the partition's STAC Item, which exists if it has rows. */
  String itemKey() {
    return "items/" + id + ".json";
  }

  /** Returns the state of a partition; empty if it is not finished. */
  static Optional<CellState> read(ObjectStore dataset, String key) throws IOException {
    try {
      return Optional.of(JSON.readValue(dataset.read(key), CellState.class));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (JacksonException e) {
      throw new IOException(
          dataset.uri(key) + ": expected the state of a cell, found other JSON", e);
    }
  }

  byte[] json() {
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(this);
  }
}
